// The fields of a model route: its name, its targets, when to go on to the next.
import { Autocomplete, Checkbox, NumberInput, Select, Switch, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { useCatalog } from '../../api/gateway';
import { useEvery } from '../../api/resources';
import type { CatalogProvider, Provider } from '../../api/types';
import { Milliseconds } from '../../forms/fields';
import { AddRow, RemoveRow } from '../../forms/list-buttons';
import { Columns, Rows, Section } from '../../ui/page';
import classes from './fields.module.css';
import { SharePicture } from './share-picture';
import { type RouteValues, retryReasons } from './values';

type Form = UseFormReturnType<RouteValues>;

export function RouteFields({ form, isNew }: { form: Form; isNew: boolean }) {
  const { t } = useTranslation();
  return (
    <Rows>
      <Section title={t('routes.about')}>
        <Columns>
          {isNew ? (
            <TextInput label={t('common.id')} description={t('routes.idHint')} required {...form.getInputProps('id')} />
          ) : null}
          <TextInput label={t('routes.model')} description={t('routes.modelHint')} {...form.getInputProps('model')} />
          <TextInput
            label={t('common.description')}
            description={t('routes.descriptionHint')}
            {...form.getInputProps('description')}
          />
        </Columns>
      </Section>
      <Section title={t('routes.targets')} lead={t('routes.targetsLead')}>
        <Rows>
          <SharePicture targets={form.getValues().targets} />
          <Targets form={form} />
        </Rows>
      </Section>
      <Section title={t('routes.retry')} lead={t('routes.retryLead')}>
        <Retry form={form} />
      </Section>
    </Rows>
  );
}

/** A provider's vendor is named, or known by its protocol and address, as the server has it. */
function isVendor(entry: CatalogProvider, { catalog, protocol, base_url }: Provider): boolean {
  if (catalog) return entry.id === catalog;
  const bare = (address: string | undefined) => (address ?? '').replace(/\/+$/, '');
  return entry.protocol === protocol && (protocol === 'demo' || bare(entry.base_url) === bare(base_url));
}

/** Models that are known at each provider: declared ones and those of its catalogue entry. */
function useKnownModels() {
  const all = useEvery('providers').data ?? [];
  const catalog = useCatalog();
  const known = new Map(
    all.map((provider) => {
      const entry = catalog.data?.find((e) => isVendor(e, provider.spec));
      const declared = (provider.spec.models ?? []).map((m) => m.id);
      return [provider.id, [...new Set([...declared, ...(entry?.model_ids ?? [])])]];
    }),
  );
  return {
    providers: all.map((p) => ({ value: p.id, label: p.spec.name ? `${p.spec.name} (${p.id})` : p.id })),
    known,
  };
}

function Targets({ form }: { form: Form }) {
  const { t } = useTranslation();
  const { providers, known } = useKnownModels();
  const { targets } = form.getValues();
  return (
    <Rows>
      {targets.map((target, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a target has no name of its own; its position is what stays
        <div key={index} className={classes.target}>
          <Select
            className={classes.wide}
            label={t('routes.provider')}
            data={providers}
            searchable
            nothingFoundMessage={t('common.nothingFound')}
            {...form.getInputProps(`targets.${index}.provider`)}
          />
          <Autocomplete
            className={classes.wide}
            label={t('routes.targetModel')}
            data={known.get(target.provider) ?? []}
            {...form.getInputProps(`targets.${index}.model`)}
          />
          <NumberInput label={t('providers.priority')} min={0} {...form.getInputProps(`targets.${index}.priority`)} />
          <NumberInput label={t('providers.weight')} min={0} {...form.getInputProps(`targets.${index}.weight`)} />
          <RemoveRow
            label={t('routes.removeTarget', { name: `${target.provider}/${target.model}` })}
            onClick={() => form.removeListItem('targets', index)}
          />
        </div>
      ))}
      <AddRow
        onClick={() =>
          form.insertListItem('targets', { provider: providers[0]?.value ?? '', model: '', priority: 0, weight: 1 })
        }
      >
        {t('routes.addTarget')}
      </AddRow>
    </Rows>
  );
}

function Retry({ form }: { form: Form }) {
  const { t } = useTranslation();
  return (
    <Rows>
      <Columns min="10rem">
        <NumberInput label={t('routes.maxAttempts')} min={1} max={10} {...form.getInputProps('retry.max_attempts')} />
        <Milliseconds
          label={t('routes.cooldown')}
          value={form.getValues().retry.cooldown_ms}
          onChange={(ms) => form.setFieldValue('retry.cooldown_ms', ms)}
          error={form.errors['retry.cooldown_ms']}
        />
      </Columns>
      <Checkbox.Group label={t('routes.retryOn')} {...form.getInputProps('retry.on')}>
        <div className={classes.reasons}>
          {retryReasons.map((reason) => (
            <Checkbox key={reason} value={reason} label={t(`routes.reasons.${reason}`)} />
          ))}
        </div>
      </Checkbox.Group>
      <Switch
        label={t('routes.strict')}
        description={t('routes.strictHint')}
        {...form.getInputProps('strict', { type: 'checkbox' })}
      />
    </Rows>
  );
}
