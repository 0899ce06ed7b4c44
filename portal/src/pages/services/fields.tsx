// The fields of a service: who it is, where it is, who may call it, what becomes of requests that clash.
import { Select, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useEvery } from '../../api/resources';
import type { PolicyForm } from '../../conflict/editor';
import { Loading } from '../../ui/notes';
import { Columns, Rows, Section } from '../../ui/page';
import { auths, type ServiceValues } from './values';

const ConflictEditor = lazy(() => import('../../conflict/editor'));

type Form = UseFormReturnType<ServiceValues>;

export function ServiceFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { t } = useTranslation();
  const upstreams = useEvery('upstreams').data?.map(({ id }) => id) ?? [];
  return (
    <Rows>
      <Section title={t('rest.about')}>
        <Columns>
          {isNew ? (
            <TextInput label={t('common.id')} description={t('common.idHint')} required {...form.getInputProps('id')} />
          ) : null}
          <TextInput label={t('common.name')} description={t('common.nameHint')} {...form.getInputProps('name')} />
          <TextInput label={t('common.description')} {...form.getInputProps('description')} />
        </Columns>
      </Section>
      <Section title={t('rest.where')}>
        <Columns>
          <TagsInput
            label={t('rest.hosts')}
            description={t('rest.hostsHint')}
            acceptValueOnBlur
            {...form.getInputProps('hosts')}
          />
          <TextInput
            label={t('rest.basePath')}
            description={t('rest.basePathHint')}
            {...form.getInputProps('base_path')}
          />
          <Select
            label={t('rest.upstream')}
            description={t('rest.upstreamHint')}
            data={upstreams}
            clearable
            clearButtonProps={{ 'aria-label': t('rest.noUpstream') }}
            {...form.getInputProps('upstream')}
          />
          <Select
            label={t('rest.auth')}
            data={auths.map((value) => ({ value, label: t(`rest.auths.${value}`) }))}
            allowDeselect={false}
            {...form.getInputProps('auth')}
          />
        </Columns>
      </Section>
      <Suspense fallback={<Loading />}>
        <ConflictEditor form={form as unknown as PolicyForm} inherits={t('conflict.inheritsDefault')} />
      </Suspense>
    </Rows>
  );
}
