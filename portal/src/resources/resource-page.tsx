// The page of one resource: who changed it last, its form, its YAML, its history, the way to remove it.
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { Fragment, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type Loaded as LoadedResource, useResource } from '../api/resources';
import type { Specs } from '../api/types';
import { ResourceFrame } from '../forms/resource-frame';
import { Changed, DeleteResource } from '../forms/resource-head';
import { type Faults, type ResourceForm, useResourceForm } from '../forms/use-resource-form';
import { Loaded, sayDone, sayFailed } from '../ui/notes';
import { Page, Rows } from '../ui/page';
import { kinds, type PagedCollection } from './kinds';
import classes from './resource-page.module.css';

interface ResourcePageProps<C extends PagedCollection, V extends Record<string, unknown>> {
  collection: C;
  title: (spec: Specs[C], id: string) => string;
  /** What stops working when it is deleted. */
  deleteText: string;
  toValues: (spec: Specs[C], id: string) => V;
  toSpec: (values: V) => Specs[C];
  /** What can be told before it is sent. */
  faults?: (values: V) => Faults;
  fields: (editor: ResourceForm<Specs[C], V>) => ReactNode;
  /** More of the kind beside its form: buttons in the head, a part above the form. */
  actions?: (spec: Specs[C], id: string) => ReactNode;
  above?: (spec: Specs[C], id: string, editor: ResourceForm<Specs[C], V>) => ReactNode;
  /** What stands beside the form where there is room, else below it. */
  beside?: (spec: Specs[C], id: string, editor: ResourceForm<Specs[C], V>) => ReactNode;
}

export function ResourcePage<C extends PagedCollection, V extends Record<string, unknown>>(
  props: ResourcePageProps<C, V>,
) {
  const { collection, title, deleteText, actions } = props;
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { id = '' } = useParams({ strict: false });
  const resource = useResource(collection, id);
  const loaded = resource.data;
  const spec = loaded?.data.spec;
  const reload = async () => {
    const { error } = await resource.refetch();
    if (error) sayFailed(error);
    return !error;
  };
  return (
    <Page
      title={spec ? title(spec, id) : id}
      width={props.beside ? 'wide' : 'narrow'}
      above={<Link to={kinds[collection].list}>{t(kinds[collection].nav)}</Link>}
      lead={loaded ? <Changed resource={loaded.data} /> : undefined}
      actions={
        loaded && spec ? (
          <>
            {actions?.(spec, id)}
            <DeleteResource
              collection={collection}
              id={id}
              etag={loaded.etag}
              onDeleted={() => void navigate({ to: kinds[collection].list, search: {} })}
            >
              {deleteText}
            </DeleteResource>
          </>
        ) : undefined
      }
    >
      <Loaded query={resource}>{(answer) => <Editor key={id} page={props} loaded={answer} onReload={reload} />}</Loaded>
    </Page>
  );
}

interface EditorProps<C extends PagedCollection, V extends Record<string, unknown>> {
  page: ResourcePageProps<C, V>;
  loaded: LoadedResource<Specs[C]>;
  onReload: () => Promise<boolean>;
}

function Editor<C extends PagedCollection, V extends Record<string, unknown>>({
  page,
  loaded,
  onReload,
}: EditorProps<C, V>) {
  const { t } = useTranslation();
  const { collection, toValues, toSpec } = page;
  const { id, spec } = loaded.data;
  const editor = useResourceForm({
    collection,
    loaded,
    start: toValues(spec, id),
    toSpec,
    faults: page.faults,
    onSaved: () => sayDone(t('common.saved')),
  });
  const beside = page.beside?.(spec, id, editor);
  const main = (
    <Rows>
      {/* What was found out of one version says nothing of the next. */}
      <Fragment key={loaded.etag}>{page.above?.(spec, id, editor)}</Fragment>
      <ResourceFrame editor={editor} collection={collection} id={id} loaded={loaded} onReload={onReload}>
        {page.fields(editor)}
      </ResourceFrame>
    </Rows>
  );
  if (!beside) return main;
  return (
    <div className={classes.beside}>
      {main}
      <div>{beside}</div>
    </div>
  );
}
