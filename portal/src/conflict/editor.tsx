// The editor of a conflict policy: what is inherited or said here, presets, and each part with its fields.
import { Button, SegmentedControl, Switch } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { useSchemas } from '../api/document';
import { useEvery } from '../api/resources';
import { AddRow, RemoveRow } from '../forms/list-buttons';
import type { Json } from '../forms/merge';
import { Loaded } from '../ui/notes';
import { Bar, Rows, Section } from '../ui/page';
import classes from './editor.module.css';
import { type Editing, PolicyFields } from './field';
import {
  faultAt,
  type Mode,
  modes,
  type PartName,
  type Path,
  type PolicyValues,
  type Preset,
  parts,
  presets,
  valueAt,
  withPreset,
  withValue,
} from './policy';
import { type Field, fieldsOf } from './schema';

/** A form with a conflict policy in its field `conflict`. */
export type PolicyForm = UseFormReturnType<{ conflict: PolicyValues }>;

interface EditorProps {
  form: PolicyForm;
  /** What holds where nothing is said here. */
  inherits: string;
}

export default function ConflictEditor({ form, inherits }: EditorProps) {
  const { t } = useTranslation();
  const schemas = useSchemas();
  const { mode, own } = form.getValues().conflict;
  const put = (next: Partial<PolicyValues>) => form.setFieldValue('conflict', { mode, own, ...next });
  const fault = (path: Path, within: boolean) => faultAt(form.errors, path, within);
  const change = (path: Path, next: Json | undefined) => {
    const field = ['conflict', ...path].join('.');
    for (const name of Object.keys(form.errors)) {
      if (name === field || name.startsWith(`${field}.`)) form.clearFieldError(name);
    }
    put({ own: withValue(own, path, next) as PolicyValues['own'] });
  };
  return (
    <Section title={t('conflict.title')} lead={t('conflict.lead')}>
      <Rows>
        <SegmentedControl
          aria-label={t('conflict.title')}
          value={mode}
          onChange={(next) => put({ mode: next as Mode })}
          data={modes.map((value) => ({ value, label: t(`conflict.modes.${value}`) }))}
        />
        <p className="muted small">{mode === 'inherit' ? inherits : t(`conflict.modeHints.${mode}`)}</p>
        {fault([], mode !== 'own') ? (
          <p className={classes.fault} role="alert">
            {fault([], mode !== 'own')}
          </p>
        ) : null}
        {mode === 'off' ? null : (
          <Presets onChoose={(preset) => put({ mode: 'own', own: withPreset(mode === 'own' ? own : {}, preset) })} />
        )}
        {mode === 'own' ? (
          <Loaded query={schemas}>
            {(all) => <Parts fields={fieldsOf(all, 'Conflict')} editing={{ own, change, fault }} />}
          </Loaded>
        ) : null}
      </Rows>
    </Section>
  );
}

function Presets({ onChoose }: { onChoose: (preset: Preset) => void }) {
  const { t } = useTranslation();
  return (
    <div>
      <p className={classes.name}>{t('conflict.presetsTitle')}</p>
      <Bar>
        {(Object.keys(presets) as Preset[]).map((preset) => (
          <Button key={preset} variant="default" size="xs" onClick={() => onChoose(preset)}>
            {t(`conflict.presets.${preset}`)}
          </Button>
        ))}
      </Bar>
    </div>
  );
}

function Parts({ fields, editing }: { fields: Field[]; editing: Editing }) {
  const { t } = useTranslation();
  const general = fields.filter(({ kind }) => kind !== 'part' && kind !== 'parts');
  return (
    <Rows>
      {parts.map((name) => {
        const field = fields.find((one) => one.name === name);
        return field ? <PartFields key={name} name={name} field={field} editing={editing} /> : null;
      })}
      <fieldset className={classes.part} aria-label={t('conflict.general')}>
        <p className={classes.name}>{t('conflict.general')}</p>
        <PolicyFields editing={editing} path={[]} fields={general} />
        <KnownStores />
      </fieldset>
    </Rows>
  );
}

/** The stores that there are, since the field takes any name. */
function KnownStores() {
  const { t } = useTranslation();
  const stores = useEvery('conflict-stores').data ?? [];
  if (stores.length === 0) return <p className="muted small">{t('conflict.noStores')}</p>;
  return <p className="muted small">{t('conflict.stores', { stores: stores.map(({ id }) => id).join(', ') })}</p>;
}

interface PartProps {
  name: PartName;
  field: Field;
  editing: Editing;
}

function PartFields({ name, field, editing }: PartProps) {
  const { t } = useTranslation();
  const value = valueAt(editing.own, [name]);
  const on = Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null;
  const begin = field.kind === 'parts' ? [newLimit(1)] : {};
  return (
    <fieldset className={classes.part} aria-label={t(`conflict.parts.${name}`)}>
      <Switch
        label={
          <>
            {t(`conflict.parts.${name}`)} <code>{name}</code>
          </>
        }
        description={field.about}
        checked={on}
        error={editing.fault([name], !on)}
        onChange={(event) => editing.change([name], event.currentTarget.checked ? begin : undefined)}
      />
      {on && field.kind === 'part' ? <PolicyFields editing={editing} path={[name]} fields={field.fields} /> : null}
      {on && field.kind === 'parts' ? <Limits field={field} name={name} editing={editing} /> : null}
    </fieldset>
  );
}

const newLimit = (number: number) => ({ name: `limit-${number}`, limit: 20 });

function Limits({ field, name, editing }: PartProps) {
  const { t } = useTranslation();
  if (field.kind !== 'parts') return null;
  const limits = valueAt(editing.own, [name]);
  const all = Array.isArray(limits) ? limits : [];
  return (
    <Rows>
      {all.map((limit, index) => {
        const called = String(valueAt(limit, ['name']) ?? index + 1);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: its name is a field of its own; its position is what stays
          <fieldset key={index} className={classes.inner} aria-label={called}>
            <div className={classes.limitHead}>
              <code>{called}</code>
              <RemoveRow
                label={t('conflict.removeLimit', { name: called })}
                onClick={() => editing.change([name, index], undefined)}
              />
            </div>
            <PolicyFields editing={editing} path={[name, index]} fields={field.fields} />
          </fieldset>
        );
      })}
      <AddRow onClick={() => editing.change([name], [...all, newLimit(all.length + 1)])}>
        {t('conflict.addLimit')}
      </AddRow>
    </Rows>
  );
}
