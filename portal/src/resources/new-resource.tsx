// The form of a new resource; when it is saved, its page opens.
import { useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Specs } from '../api/types';
import { ResourceFrame } from '../forms/resource-frame';
import { type Faults, type ResourceForm, useResourceForm } from '../forms/use-resource-form';
import { sayDone } from '../ui/notes';
import { kinds, type PagedCollection } from './kinds';

interface NewResourceProps<C extends PagedCollection, V extends Record<string, unknown> & { id: string }> {
  collection: C;
  start: V;
  toSpec: (values: V) => Specs[C];
  faults?: (values: V) => Faults;
  fields: (editor: ResourceForm<Specs[C], V>) => ReactNode;
}

export function NewResource<C extends PagedCollection, V extends Record<string, unknown> & { id: string }>({
  collection,
  start,
  toSpec,
  faults,
  fields,
}: NewResourceProps<C, V>) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const editor = useResourceForm({
    collection,
    start,
    toSpec,
    faults,
    newId: (values) => values.id.trim(),
    onSaved: (saved) => {
      sayDone(t('common.created', { name: saved.id }));
      void navigate({ to: kinds[collection].one, params: { id: saved.id } });
    },
  });
  return (
    <ResourceFrame editor={editor} collection={collection} id={editor.form.getValues().id}>
      {fields(editor)}
    </ResourceFrame>
  );
}
