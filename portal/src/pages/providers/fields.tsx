// The fields of a provider, from what everybody sets to what few do.
import { NumberInput, Select, Switch, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Milliseconds, SecretField } from '../../forms/fields';
import { HealthCheckFields, type HealthCheckForm } from '../../forms/health-check-fields';
import { AddRow, RemoveRow } from '../../forms/list-buttons';
import { Columns, Rows, Section } from '../../ui/page';
import { KeyPool } from './key-pool';
import classes from './pool.module.css';
import type { ProviderValues } from './values';

type Form = UseFormReturnType<ProviderValues>;
/** The first leaves it to the catalogue's entry. */
const protocols = [
  '',
  'openai',
  'anthropic',
  'gemini',
  'azure',
  'vertex',
  'bedrock',
  'cohere',
  'ollama',
  'demo',
] as const;
/** What says where at a vendor the account is. */
const places = { azure: ['api_version'], vertex: ['project', 'location'], bedrock: ['region'] } as const;
const timeoutNames = ['connect_ms', 'first_byte_ms', 'idle_ms', 'total_ms'] as const;

export function ProviderFields({ form, isNew, keyEnv }: { form: Form; isNew: boolean; keyEnv: string | undefined }) {
  const { t } = useTranslation();
  const { protocol } = form.getValues();
  return (
    <Rows>
      <Section title={t('providers.about')}>
        <Rows>
          <Columns>
            {isNew ? (
              <TextInput
                label={t('common.id')}
                description={t('common.idHint')}
                required
                {...form.getInputProps('id')}
              />
            ) : null}
            <TextInput label={t('common.name')} description={t('common.nameHint')} {...form.getInputProps('name')} />
            <Select
              label={t('providers.protocol')}
              description={t('providers.protocolHint')}
              data={protocols.map((p) => ({ value: p, label: t(`providers.protocols.${p || 'catalog'}`) }))}
              {...form.getInputProps('protocol')}
            />
          </Columns>
          {protocol === 'demo' ? null : (
            <TextInput
              label={t('providers.baseUrl')}
              description={t('providers.baseUrlHint')}
              placeholder="https://api.openai.com/v1"
              inputMode="url"
              {...form.getInputProps('base_url')}
            />
          )}
          <Place form={form} />
          <Switch
            label={t('providers.disabled')}
            description={t('providers.disabledHint')}
            {...form.getInputProps('disabled', { type: 'checkbox' })}
          />
        </Rows>
      </Section>
      {protocol === 'demo' ? null : (
        <Section title={t('providers.keys')} lead={t('providers.keysLead')}>
          <KeyPool
            form={form}
            hint={keyEnv ? t('providers.secretHintEnv', { name: keyEnv }) : t('providers.secretHint')}
          />
        </Section>
      )}
      <Section title={t('providers.models')} lead={t('providers.modelsLead')}>
        <Models form={form} />
      </Section>
      {protocol === 'demo' ? null : (
        <>
          <Section title={t('health.title')} lead={t('health.lead')}>
            <HealthCheckFields
              form={form as HealthCheckForm}
              path="health_check"
              value={form.getValues().health_check}
              label={t('health.ofProvider')}
              hint={t('health.ofProviderHint')}
            />
          </Section>
          <Connection form={form} />
        </>
      )}
    </Rows>
  );
}

/** Region, project or version, where the vendor's address needs one. */
function Place({ form }: { form: Form }) {
  const { t } = useTranslation();
  const { protocol } = form.getValues();
  const fields = protocol === 'azure' || protocol === 'vertex' || protocol === 'bedrock' ? places[protocol] : [];
  if (fields.length === 0) return null;
  return (
    <Columns>
      {fields.map((field) => (
        <TextInput
          key={field}
          label={t(`providers.places.${field}`)}
          description={t(`providers.placesHint.${field}`)}
          {...form.getInputProps(field)}
        />
      ))}
    </Columns>
  );
}

function Connection({ form }: { form: Form }) {
  const { t } = useTranslation();
  return (
    <Section title={t('providers.connection')} lead={t('providers.connectionLead')}>
      <Rows>
        <Columns min="10rem">
          {timeoutNames.map((name) => (
            <Milliseconds
              key={name}
              label={t(`providers.timeouts.${name}`)}
              value={form.getValues().timeouts[name]}
              onChange={(ms) => form.setFieldValue(`timeouts.${name}`, ms)}
              error={form.errors[`timeouts.${name}`]}
            />
          ))}
        </Columns>
        <Headers form={form} />
        <Switch
          label={t('providers.allowPrivate')}
          description={t('providers.allowPrivateHint')}
          {...form.getInputProps('allow_private_address', { type: 'checkbox' })}
        />
        <Switch
          label={t('providers.allowPlaintext')}
          description={t('providers.allowPlaintextHint')}
          {...form.getInputProps('allow_plaintext', { type: 'checkbox' })}
        />
        <Switch
          label={t('providers.noStreamOptions')}
          description={t('providers.noStreamOptionsHint')}
          {...form.getInputProps('no_stream_options', { type: 'checkbox' })}
        />
      </Rows>
    </Section>
  );
}

function Models({ form }: { form: Form }) {
  const { t } = useTranslation();
  return (
    <Rows>
      {form.getValues().models.map((model, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the id is edited in place; the position is what stays
        <div key={index} className={classes.model}>
          <TextInput label={t('providers.modelId')} {...form.getInputProps(`models.${index}.id`)} />
          <NumberInput
            label={t('providers.context')}
            thousandSeparator=" "
            min={0}
            {...form.getInputProps(`models.${index}.context`)}
          />
          <NumberInput
            label={t('providers.maxOutput')}
            thousandSeparator=" "
            min={0}
            {...form.getInputProps(`models.${index}.max_output_tokens`)}
          />
          <RemoveRow
            label={t('providers.removeModel', { name: model.id })}
            onClick={() => form.removeListItem('models', index)}
          />
        </div>
      ))}
      <AddRow onClick={() => form.insertListItem('models', { id: '' })}>{t('providers.addModel')}</AddRow>
    </Rows>
  );
}

/** A credential in a header is kept like a key: what is stored shows as its fingerprint. */
function HeaderValue({ form, index }: { form: Form; index: number }) {
  const { t } = useTranslation();
  const header = form.getValues().headers[index];
  const error = form.errors[`headers.${header?.name}`];
  const [sealed, setSealed] = useState(false);
  if (!sealed && header?.value.startsWith('sealed:')) setSealed(true);
  if (!sealed) {
    return (
      <TextInput label={t('providers.headerValue')} {...form.getInputProps(`headers.${index}.value`)} error={error} />
    );
  }
  return (
    <SecretField
      label={t('providers.headerValue')}
      value={header?.value ?? ''}
      onChange={(value) => form.setFieldValue(`headers.${index}.value`, value)}
      error={error}
    />
  );
}

function Headers({ form }: { form: Form }) {
  const { t } = useTranslation();
  return (
    <Rows>
      {form.getValues().headers.map((header, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: edited in place; as with keys, where one goes all begin anew
        <div key={`${index} of ${form.getValues().headers.length}`} className={classes.pair}>
          <TextInput label={t('providers.headerName')} {...form.getInputProps(`headers.${index}.name`)} />
          <HeaderValue form={form} index={index} />
          <RemoveRow
            label={t('providers.removeHeader', { name: header.name })}
            onClick={() => form.removeListItem('headers', index)}
          />
        </div>
      ))}
      <AddRow onClick={() => form.insertListItem('headers', { name: '', value: '' })}>
        {t('providers.addHeader')}
      </AddRow>
    </Rows>
  );
}
