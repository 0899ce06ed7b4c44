// One field of a conflict policy, as its schema says: what it holds, its meaning below it, its default where it is empty.
import { MultiSelect, NumberInput, Select, Switch, TagsInput, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Json } from '../forms/merge';
import { Columns } from '../ui/page';
import classes from './editor.module.css';
import { type Path, valueAt } from './policy';
import type { Field } from './schema';

/** The policy in the editor, and what changes it. */
export interface Editing {
  own: Json;
  change: (path: Path, next: Json | undefined) => void;
  /** The fault at a field; with `within` also those of what is in it. */
  fault: (path: Path, within: boolean) => string | undefined;
}

interface FieldsProps {
  editing: Editing;
  path: Path;
  fields: Field[];
}

/** Fields side by side; parts below them. */
export function PolicyFields({ editing, path, fields }: FieldsProps) {
  const flat = fields.filter(({ kind }) => kind !== 'part');
  const parts = fields.filter(({ kind }) => kind === 'part');
  return (
    <>
      <Columns>
        {flat.map((field) => (
          <OneField key={field.name} editing={editing} path={[...path, field.name]} field={field} />
        ))}
      </Columns>
      {parts.map((field) => (
        <InnerPart key={field.name} editing={editing} path={[...path, field.name]} field={field} />
      ))}
    </>
  );
}

interface FieldProps {
  editing: Editing;
  path: Path;
  field: Field;
}

/** A part within a part: switched on by itself where its absence says something. */
function InnerPart({ editing, path, field }: FieldProps) {
  if (field.kind !== 'part') return null;
  const on = valueAt(editing.own, path) !== undefined && valueAt(editing.own, path) !== null;
  const fault = editing.fault(path, !on && field.optional);
  return (
    <fieldset className={classes.inner} aria-label={field.name}>
      {field.optional ? (
        <Switch
          label={field.name}
          description={field.about}
          checked={on}
          error={fault}
          onChange={(event) => editing.change(path, event.currentTarget.checked ? {} : undefined)}
        />
      ) : (
        <>
          <p className={classes.name}>{field.name}</p>
          <p className="muted small">{field.about}</p>
        </>
      )}
      {on || !field.optional ? <PolicyFields editing={editing} path={path} fields={field.fields} /> : null}
    </fieldset>
  );
}

const texts = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

/** What every kind of input gets. */
interface InputProps {
  field: Field;
  value: Json | undefined;
  set: (next: Json | undefined) => void;
  common: { label: string; description: string; error: string | undefined };
}

function OneField({ editing, path, field }: FieldProps) {
  const input: InputProps = {
    field,
    value: valueAt(editing.own, path) ?? undefined,
    set: (next) => editing.change(path, next),
    common: { label: field.name, description: field.about, error: editing.fault(path, true) },
  };
  switch (field.kind) {
    case 'yes':
      return field.optional ? <Choice {...input} /> : <YesNo {...input} />;
    case 'word':
      return <Choice {...input} />;
    case 'words':
    case 'texts':
    case 'numbers':
      return <ListInput {...input} />;
    case 'named':
      return <Shares {...input} />;
    default:
      return <Plain {...input} />;
  }
}

/** What holds where the field is empty. */
function useFallback({ usual }: Field): string {
  const { t } = useTranslation();
  return usual === undefined || usual === null ? t('conflict.unset') : String(usual);
}

function YesNo({ field, value, set, common }: InputProps) {
  const checked = Boolean(value ?? field.usual);
  return <Switch {...common} checked={checked} onChange={(event) => set(event.currentTarget.checked)} />;
}

/** One word out of several, or yes and no where neither is the default. */
function Choice({ field, value, set, common }: InputProps) {
  const { t } = useTranslation();
  const fallback = useFallback(field);
  const yes = { value: 'true', label: t('common.yes') };
  const no = { value: 'false', label: t('common.no') };
  const take = (next: string | null) => (field.kind === 'yes' && next !== null ? next === 'true' : (next ?? undefined));
  return (
    <Select
      {...common}
      placeholder={fallback}
      data={field.kind === 'word' ? field.words : [yes, no]}
      value={value === undefined ? null : String(value)}
      onChange={(next) => set(take(next))}
      clearable
      clearButtonProps={{ 'aria-label': t('conflict.clear', { field: field.name }) }}
    />
  );
}

function ListInput({ field, value, set, common }: InputProps) {
  const shown = texts(value ?? (field.usual as Json | undefined));
  if (field.kind === 'words') return <MultiSelect {...common} data={field.words} value={shown} onChange={set} />;
  const read = (text: string) => (field.kind === 'numbers' && /^\d+$/.test(text) ? Number(text) : text);
  return <TagsInput {...common} value={shown} onChange={(next) => set(next.map(read))} acceptValueOnBlur />;
}

function Plain({ field, value, set, common }: InputProps) {
  const fallback = useFallback(field);
  if (field.kind === 'number') {
    const take = (next: string | number) => set(next === '' ? undefined : Number(next));
    const number = typeof value === 'number' ? value : '';
    return (
      <NumberInput {...common} placeholder={fallback} min={0} allowDecimal={false} value={number} onChange={take} />
    );
  }
  // A name that has a default can be none; a measure that is empty has its default.
  const named = field.kind === 'text' && field.example === '' && typeof field.usual === 'string';
  const text = typeof value === 'string' ? value : named ? String(field.usual) : '';
  const take = (next: string) => set(next === '' && !named ? undefined : next);
  return (
    <TextInput {...common} placeholder={fallback} value={text} onChange={(event) => take(event.currentTarget.value)} />
  );
}

/** Texts by name, such as `live=90%`. */
function Shares({ value, set, common }: InputProps) {
  const { t } = useTranslation();
  const entries = Object.entries(value ?? {}).map(([name, share]) => `${name}=${String(share)}`);
  const read = (pairs: string[]) => {
    const shares = pairs.map((pair) => pair.split(/\s*=\s*/)).map(([name = '', share = '']) => [name, share]);
    set(shares.length > 0 ? (Object.fromEntries(shares) as Json) : undefined);
  };
  return (
    <TagsInput {...common} placeholder={t('conflict.sharesHint')} value={entries} onChange={read} acceptValueOnBlur />
  );
}
