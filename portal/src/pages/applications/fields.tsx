// The fields of an application: who it is, and what it may call.
import { Switch, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { useModels } from '../../api/gateway';
import { useEvery } from '../../api/resources';
import { AllowList } from '../../forms/fields';
import { Columns, Rows, Section } from '../../ui/page';
import { type ApplicationValues, idFromName } from './values';

type Form = UseFormReturnType<ApplicationValues>;

export function ApplicationFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { t } = useTranslation();
  const { name, id } = form.getValues();
  const rename = (next: string) => {
    // The id follows the name until somebody sets it.
    if (isNew && id === idFromName(name)) form.setFieldValue('id', idFromName(next));
    form.setFieldValue('name', next);
  };
  return (
    <Rows>
      <Section title={t('apps.about')}>
        <Rows>
          <Columns>
            <TextInput
              label={t('common.name')}
              description={t('common.nameHint')}
              value={name}
              onChange={(event) => rename(event.currentTarget.value)}
              error={form.errors['name']}
            />
            {isNew ? (
              <TextInput
                label={t('common.id')}
                description={t('common.idHint')}
                required
                {...form.getInputProps('id')}
              />
            ) : null}
            <TextInput
              label={t('common.description')}
              description={t('apps.descriptionHint')}
              {...form.getInputProps('description')}
            />
          </Columns>
          <Switch
            label={t('apps.disabled')}
            description={t('apps.disabledHint')}
            {...form.getInputProps('disabled', { type: 'checkbox' })}
          />
        </Rows>
      </Section>
      <Section title={t('apps.mayCall')} lead={t('apps.mayCallLead')}>
        <MayCall form={form} />
      </Section>
    </Rows>
  );
}

function MayCall({ form }: { form: Form }) {
  const { t } = useTranslation();
  const models = (useModels().data ?? []).map((model) => model.id);
  const services = useEvery('services').data?.map((service) => service.id) ?? [];
  const providers = useEvery('providers').data?.map((provider) => provider.id) ?? [];
  const known = { models, services, providers, batches: providers };
  return (
    <Columns min="20rem">
      {(['models', 'services', 'providers', 'batches'] as const).map((name) => (
        <AllowList
          key={name}
          label={t(`apps.${name}`)}
          description={t(`apps.${name}Hint`)}
          value={form.getValues()[name]}
          onChange={(next) => form.setFieldValue(name, next)}
          known={known[name]}
          error={form.errors[name] ?? Object.entries(form.errors).find(([field]) => field.startsWith(`${name}.`))?.[1]}
        />
      ))}
    </Columns>
  );
}
