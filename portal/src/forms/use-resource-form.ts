// One resource in a form: its start values, saving, faults at their fields, and what a stale save needs.
import { type UseFormReturnType, useForm } from '@mantine/form';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { faultsByField, Problem } from '../api/problem';
import { type Draft, type Loaded, readResource, useCreate, useReplace } from '../api/resources';
import type { Collection, Resource, Specs } from '../api/types';
import { useTyped } from './use-typed';

/** A save that came after somebody else's. */
export interface Stale<S> {
  current: Resource<S>;
  /** Entity tag of `current`: the merged version is saved on top of it. */
  etag: string;
}

interface Options<C extends Collection, V> {
  collection: C;
  /** The resource that is edited and its entity tag, another one after each change; absent for a new one. */
  loaded?: Loaded<Specs[C]>;
  toSpec: (values: V) => Specs[C];
  newId?: (values: V) => string;
  /** What the fields of `loaded` hold, or of a new resource. */
  start: V;
  /** What can be told before it is sent, as keys of messages by field: what the server could not even read. */
  faults?: ((values: V) => Faults) | undefined;
  onSaved: (saved: Resource<Specs[C]>) => void;
}

export type Faults = Record<string, 'form.noJson' | 'form.noStatus'>;

export interface ResourceForm<S, V> {
  form: UseFormReturnType<V>;
  submit: () => Promise<void>;
  /** Whether there is something to lose. Asked at the very moment: state would be one render late. */
  unsaved: () => boolean;
  /** Gives up what was changed for what `read` brings; `read` says whether it came. */
  takeTheirs: (read: () => Promise<boolean>) => Promise<void>;
  saving: boolean;
  error: unknown;
  stale: Stale<S> | null;
  dropStale: () => void;
  /** Saves what a merge gave, on top of the version that it was merged with. */
  saveMerged: (spec: S, etag: string) => Promise<void>;
  mine: () => S;
}

/**
 * What a resource holds that its form has no field for (it is newer than this portal, or too rare for a field): it must
 * survive a save. `known` is what the form makes of the same resource unchanged.
 */
export function besides<S extends object>(spec: S, known: S): Partial<S> {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !(name in known))) as Partial<S>;
}

const hasStatus = (failure: unknown, status: number) => failure instanceof Problem && failure.status === status;

export function useResourceForm<C extends Collection, V extends Record<string, unknown>>(
  options: Options<C, V>,
): ResourceForm<Specs[C], V> {
  const { collection, loaded, toSpec, onSaved } = options;
  const { t } = useTranslation();
  const id = loaded?.data.id ?? '';
  const form = useForm<V>({ initialValues: options.start });
  const create = useCreate(collection);
  const replace = useReplace(collection, id);
  const [error, setError] = useState<unknown>(null);
  const typed = useTyped(form, options.start, loaded?.etag, () => setError(null));
  const [stale, setStale] = useState<Stale<Specs[C]> | null>(null);

  /** Somebody else's change came first: what is there now, to be merged with. */
  const compare = async () => {
    try {
      const now = await readResource(collection, id);
      setStale({ current: now.data, etag: now.etag ?? '*' });
    } catch (failure) {
      setStale(null);
      setError(hasStatus(failure, 404) ? new Error(t('form.deletedMeanwhile')) : failure);
    }
  };

  const send = async (draft: Draft<C>, etag: string | null) => {
    setError(null);
    form.clearErrors();
    typed.sending();
    try {
      const saved = loaded ? await replace.mutateAsync({ draft, etag: etag ?? '*' }) : await create.mutateAsync(draft);
      setStale(null);
      typed.saved();
      onSaved(saved.data);
    } catch (failure) {
      // 404: a deleted resource has no version any more that the save could be on top of.
      if (loaded && (hasStatus(failure, 412) || hasStatus(failure, 404))) return compare();
      // Whoever is signed out is asked to sign in again, and has not lost anything.
      if (hasStatus(failure, 401)) return;
      // The server's sentence speaks to scripts; here the field is at hand.
      if (!loaded && hasStatus(failure, 409)) return form.setFieldError('id', t('form.idTaken'));
      if (failure instanceof Problem) form.setErrors(faultsByField(failure.faults));
      setError(failure);
    } finally {
      typed.ended();
    }
  };

  const full = (now: V): Specs[C] => ({
    ...(loaded ? besides(loaded.data.spec, toSpec(options.start)) : {}),
    ...toSpec(now),
  });

  const submit = async () => {
    const now = form.getValues();
    const faults = Object.entries(options.faults?.(now) ?? {});
    if (faults.length === 0) return send({ id: newId, team, spec: full(now) }, loaded?.etag ?? null);
    setError(null);
    form.setErrors(Object.fromEntries(faults.map(([field, fault]) => [field, t(fault)])));
  };

  const values = form.getValues();
  const team = loaded?.data.team;
  const newId = loaded ? undefined : options.newId?.(values);
  return {
    form,
    submit,
    unsaved: typed.unsaved,
    takeTheirs: (read) => {
      setStale(null);
      return typed.giveUpFor(read);
    },
    saving: create.isPending || replace.isPending,
    error,
    stale,
    dropStale: () => setStale(null),
    saveMerged: (spec, etag) => send({ team, spec }, etag),
    mine: () => full(form.getValues()),
  };
}
