// What every resource's form has around its fields: save bar, guard, stale-save dialogue, YAML view, history.
import { Alert, Button, Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, lazy, type ReactNode, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import type { Loaded } from '../api/resources';
import type { Specs } from '../api/types';
import { kinds, type PagedCollection, tabs } from '../resources/kinds';
import { Icon } from '../ui/icons';
import { ErrorNote, Loading } from '../ui/notes';
import { Bar, Rows } from '../ui/page';
import { LeaveGuard } from './leave-guard';
import { MergeDialog } from './merge-dialog';
import classes from './resource-frame.module.css';
import type { ResourceForm } from './use-resource-form';

const YamlView = lazy(() => import('./yaml-view'));
const History = lazy(() => import('../resources/history'));

interface ResourceFrameProps<C extends PagedCollection, V> {
  editor: ResourceForm<Specs[C], V>;
  collection: C;
  id: string;
  loaded?: Loaded<Specs[C]>;
  /** Reads the resource again; false when that failed. */
  onReload?: () => Promise<boolean>;
  children: ReactNode;
}

export function ResourceFrame<C extends PagedCollection, V>(props: ResourceFrameProps<C, V>) {
  const { editor, collection, id, loaded, onReload, children } = props;
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { tab } = useSearch({ strict: false });
  const { form, stale } = editor;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await editor.submit();
  };
  const show = (next: string | null) =>
    void navigate({
      to: '.',
      search: (now) => ({ ...now, tab: tabs.find((name) => name === next) }),
      replace: true,
      resetScroll: false,
    });
  const resource = loaded?.data;
  return (
    <form onSubmit={submit} noValidate>
      <LeaveGuard dirty={editor.unsaved} />
      <Rows>
        <Tabs value={tab ?? 'fields'} onChange={show} keepMounted={false} variant="default">
          <Tabs.List className={classes.tabs}>
            <Tabs.Tab value="fields">{t('form.fields')}</Tabs.Tab>
            <Tabs.Tab value="yaml">{t('form.yaml')}</Tabs.Tab>
            {loaded ? <Tabs.Tab value="history">{t('form.history')}</Tabs.Tab> : null}
          </Tabs.List>
          <Tabs.Panel value="fields">
            {/* A new resource gets a page of its own when it is made: what would be typed meanwhile has no place. */}
            <fieldset className={classes.fields} disabled={editor.saving && !loaded}>
              {children}
            </fieldset>
          </Tabs.Panel>
          <Tabs.Panel value="yaml">
            <Suspense fallback={<Loading />}>
              <YamlView kind={kinds[collection].kind} id={id} team={resource?.team} spec={editor.mine()} />
            </Suspense>
          </Tabs.Panel>
          {loaded ? (
            <Tabs.Panel value="history">
              <Suspense fallback={<Loading />}>
                <History collection={collection} loaded={loaded} dirty={form.isDirty()} />
              </Suspense>
            </Tabs.Panel>
          ) : null}
        </Tabs>
        {tab === 'history' ? null : <SaveBar editor={editor} managedBy={resource?.managed_by} isNew={!loaded} />}
      </Rows>
      {stale && resource ? (
        <MergeDialog
          stale={stale}
          base={resource}
          mine={editor.mine()}
          busy={editor.saving}
          onSave={(spec, etag) => void editor.saveMerged(spec, etag)}
          onTakeTheirs={() => onReload && void editor.takeTheirs(onReload)}
          onClose={editor.dropStale}
        />
      ) : null}
    </form>
  );
}

interface SaveBarProps<S, V> {
  editor: ResourceForm<S, V>;
  managedBy: string | null | undefined;
  isNew: boolean;
}

function SaveBar<S, V>({ editor, managedBy, isNew }: SaveBarProps<S, V>) {
  const { t } = useTranslation();
  const { form } = editor;
  const managed = managedBy ? t('form.managedBy', { file: managedBy }) : undefined;
  const shownFields = Object.keys(form.errors).flatMap((f) => [f, `spec.${f.replace(/\.(\d+)/g, '[$1]')}`]);
  return (
    <>
      {managed ? (
        <Alert color="amber" variant="light" icon={<Icon name="warn" />}>
          {managed}
        </Alert>
      ) : null}
      <ErrorNote error={editor.error} shown={shownFields} />
      <div className={classes.saveBar}>
        <Bar end>
          {form.isDirty() ? <span className="muted small">{t('form.unsaved')}</span> : null}
          <Button type="submit" loading={editor.saving} disabled={Boolean(managed)} title={managed}>
            {isNew ? t('form.create') : t('form.save')}
          </Button>
        </Bar>
      </div>
    </>
  );
}
