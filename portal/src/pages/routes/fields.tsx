// The fields of a route: its path and methods, where it leads, who may call it, what becomes of requests that clash.
import { MultiSelect, Select, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useEvery } from '../../api/resources';
import type { PolicyForm } from '../../conflict/editor';
import { Loading } from '../../ui/notes';
import { Columns, Rows, Section } from '../../ui/page';
import { auths } from '../services/values';
import { methods, type RouteValues } from './values';

const ConflictEditor = lazy(() => import('../../conflict/editor'));

type Form = UseFormReturnType<RouteValues>;

export function RouteFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { t } = useTranslation();
  const services = useEvery('services').data?.map(({ id, spec }) => ({ value: id, label: spec.name || id })) ?? [];
  const upstreams = useEvery('upstreams').data?.map(({ id }) => id) ?? [];
  return (
    <Rows>
      <Section title={t('rest.where')}>
        <Columns>
          {isNew ? (
            <TextInput label={t('common.id')} description={t('common.idHint')} required {...form.getInputProps('id')} />
          ) : null}
          <Select
            label={t('rest.service')}
            data={services}
            searchable
            nothingFoundMessage={t('common.nothingFound')}
            required
            {...form.getInputProps('service')}
          />
          <TextInput label={t('rest.path')} description={t('rest.pathHint')} required {...form.getInputProps('path')} />
          <MultiSelect
            label={t('rest.methods')}
            description={t('rest.methodsHint')}
            data={[...methods]}
            {...form.getInputProps('methods')}
          />
          <Select
            label={t('rest.upstream')}
            description={t('rest.upstreamOfRoute')}
            data={upstreams}
            clearable
            clearButtonProps={{ 'aria-label': t('rest.noUpstream') }}
            {...form.getInputProps('upstream')}
          />
          <Select
            label={t('rest.auth')}
            placeholder={t('rest.asService')}
            data={auths.map((value) => ({ value, label: t(`rest.auths.${value}`) }))}
            clearable
            clearButtonProps={{ 'aria-label': t('rest.asService') }}
            {...form.getInputProps('auth')}
          />
        </Columns>
      </Section>
      <Suspense fallback={<Loading />}>
        <ConflictEditor form={form as unknown as PolicyForm} inherits={t('conflict.inheritsService')} />
      </Suspense>
    </Rows>
  );
}
