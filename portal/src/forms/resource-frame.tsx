// What every resource's form has around its fields: save bar, guard, stale-save dialogue, YAML view.
import { Alert, Button, Tabs } from '@mantine/core';
import { type FormEvent, lazy, type ReactNode, Suspense, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Resource } from '../api/types';
import { Icon } from '../ui/icons';
import { ErrorNote, Loading } from '../ui/notes';
import { Bar, Rows } from '../ui/page';
import { LeaveGuard } from './leave-guard';
import { MergeDialog } from './merge-dialog';
import classes from './resource-frame.module.css';
import type { ResourceForm } from './use-resource-form';

const YamlView = lazy(() => import('./yaml-view'));

interface ResourceFrameProps<S, V> {
  editor: ResourceForm<S, V>;
  kind: string;
  id: string;
  loaded?: Resource<S>;
  onReload?: () => void;
  /** More buttons of the save bar, such as *Test connection*. */
  actions?: ReactNode;
  children: ReactNode;
}

export function ResourceFrame<S, V>({
  editor,
  kind,
  id,
  loaded,
  onReload,
  actions,
  children,
}: ResourceFrameProps<S, V>) {
  const { t } = useTranslation();
  const { form, stale } = editor;
  // The navigation that follows a save must not be asked about; state would be one render late.
  const saved = useRef(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    await editor.submit();
  };
  const managed = loaded?.managed_by ? t('form.managedBy', { file: loaded.managed_by }) : undefined;
  const shownFields = Object.keys(form.errors).flatMap((f) => [f, `spec.${f.replace(/\.(\d+)/g, '[$1]')}`]);
  return (
    <form onSubmit={submit} noValidate>
      <LeaveGuard dirty={() => !saved.current && form.isDirty() && !editor.saving} />
      <Rows>
        <Tabs defaultValue="fields" keepMounted={false} variant="default">
          <Tabs.List className={classes.tabs}>
            <Tabs.Tab value="fields">{t('form.fields')}</Tabs.Tab>
            <Tabs.Tab value="yaml">{t('form.yaml')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="fields">{children}</Tabs.Panel>
          <Tabs.Panel value="yaml">
            <Suspense fallback={<Loading />}>
              <YamlView kind={kind} id={id} team={loaded?.team} spec={editor.mine()} />
            </Suspense>
          </Tabs.Panel>
        </Tabs>
        {managed ? (
          <Alert color="amber" variant="light" icon={<Icon name="warn" />}>
            {managed}
          </Alert>
        ) : null}
        <ErrorNote error={editor.error} shown={shownFields} />
        <div className={classes.saveBar}>
          <Bar>{actions}</Bar>
          <Bar end>
            {form.isDirty() ? <span className="muted small">{t('form.unsaved')}</span> : null}
            <Button type="submit" loading={editor.saving} disabled={Boolean(managed)} title={managed}>
              {loaded ? t('form.save') : t('form.create')}
            </Button>
          </Bar>
        </div>
      </Rows>
      {stale && loaded ? (
        <MergeDialog
          stale={stale}
          base={loaded}
          mine={editor.mine()}
          busy={editor.saving}
          onSave={(spec, etag) => void editor.saveMerged(spec, etag)}
          onTakeTheirs={() => {
            saved.current = true;
            editor.dropStale();
            onReload?.();
          }}
          onClose={editor.dropStale}
        />
      ) : null}
    </form>
  );
}
