// The targets of a model route: who is asked, for what, for which share of the calls, and how its health is checked.
import { Autocomplete, NumberInput, Select, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { useCatalog } from '../../api/gateway';
import { useEvery } from '../../api/resources';
import type { CatalogProvider, Provider } from '../../api/types';
import { HealthCheckFields, type HealthCheckForm } from '../../forms/health-check-fields';
import { AddRow, RemoveRow } from '../../forms/list-buttons';
import { Rows } from '../../ui/page';
import classes from './fields.module.css';
import { newTarget, type RouteValues, roles, type TargetValues } from './values';

type Form = UseFormReturnType<RouteValues>;

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

export function Targets({ form }: { form: Form }) {
  const { t } = useTranslation();
  const { providers, known } = useKnownModels();
  return (
    <Rows>
      {form.getValues().targets.map((target, index) => (
        <Target
          // biome-ignore lint/suspicious/noArrayIndexKey: a target has no name of its own; its position is what stays
          key={index}
          form={form}
          index={index}
          target={target}
          providers={providers}
          models={known.get(target.provider) ?? []}
        />
      ))}
      {form.errors['targets'] ? (
        <p className={classes.fault} role="alert">
          {form.errors['targets']}
        </p>
      ) : null}
      <AddRow onClick={() => form.insertListItem('targets', newTarget(providers[0]?.value ?? ''))}>
        {t('routes.addTarget')}
      </AddRow>
    </Rows>
  );
}

interface TargetProps {
  form: Form;
  index: number;
  target: TargetValues;
  providers: { value: string; label: string }[];
  /** Known ones at its provider. */
  models: string[];
}

function Target({ form, index, target, providers, models }: TargetProps) {
  const { t } = useTranslation();
  const name = `${target.provider}/${target.model}`;
  const path = `targets.${index}`;
  return (
    <fieldset className={classes.target} aria-label={name}>
      <div className={classes.line}>
        <Select
          label={t('routes.provider')}
          data={providers}
          searchable
          nothingFoundMessage={t('common.nothingFound')}
          {...form.getInputProps(`${path}.provider`)}
        />
        <Autocomplete label={t('routes.targetModel')} data={models} {...form.getInputProps(`${path}.model`)} />
        <RemoveRow
          label={t('routes.removeTarget', { name })}
          onClick={() => form.removeListItem('targets', index)}
          className={classes.remove}
        />
      </div>
      <div className={classes.line}>
        <Select
          label={t('routes.role')}
          data={roles.map((role) => ({ value: role, label: t(`routes.roles.${role}`) }))}
          allowDeselect={false}
          {...form.getInputProps(`${path}.role`)}
          error={form.errors[`${path}.${target.role}`]}
        />
        <Share form={form} path={path} role={target.role} />
      </div>
      <p className="muted small">{t(`routes.roleHints.${target.role}`)}</p>
      <HealthCheckFields
        form={form as HealthCheckForm}
        path={`${path}.health_check`}
        value={target.health_check}
        label={t('health.ofTarget')}
        hint={t('health.ofTargetHint')}
      />
    </fieldset>
  );
}

/** What decides how many calls it gets. */
function Share({ form, path, role }: { form: Form; path: string; role: TargetValues['role'] }) {
  const { t } = useTranslation();
  if (role === 'answers') {
    return (
      <>
        <NumberInput label={t('providers.priority')} min={0} {...form.getInputProps(`${path}.priority`)} />
        <NumberInput label={t('providers.weight')} min={0} {...form.getInputProps(`${path}.weight`)} />
      </>
    );
  }
  return (
    <>
      <NumberInput
        label={t(`routes.percent.${role}`)}
        suffix=" %"
        min={0}
        allowDecimal={false}
        {...form.getInputProps(`${path}.${role}.percent`)}
      />
      {role === 'canary' ? (
        <TextInput label={t('routes.canaryHeader')} {...form.getInputProps(`${path}.canary.header`)} />
      ) : null}
    </>
  );
}
