// The versions of a resource, newest first: who changed what, and the way back to one of them.
import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem } from '../api/problem';
import { type Loaded as LoadedResource, useHistory, useRollback } from '../api/resources';
import type { HistoryEntry, Specs } from '../api/types';
import { ChangeList, ChangeView } from '../ui/change-view';
import type { Column } from '../ui/data-table';
import { Time } from '../ui/figures';
import { Icon } from '../ui/icons';
import { ErrorNote, sayDone } from '../ui/notes';
import { Bar, Rows, Section } from '../ui/page';
import { PagedTable } from '../ui/paged-table';
import { Tag } from '../ui/status';
import type { PagedCollection } from './kinds';
import { type Version, versionsOf } from './versions';

interface HistoryProps<C extends PagedCollection> {
  collection: C;
  loaded: LoadedResource<Specs[C]>;
  /** The form holds changes that are not saved: going back would lose them. */
  dirty: boolean;
}

export default function History<C extends PagedCollection>({ collection, loaded, dirty }: HistoryProps<C>) {
  const { t } = useTranslation();
  const { id, version: current, managed_by: managedBy } = loaded.data;
  const list = useHistory(collection, id, current);
  const [chosen, setChosen] = useState<HistoryEntry | null>(null);
  const managed = managedBy ? t('form.managedBy', { file: managedBy }) : undefined;
  const reason = managed ?? (dirty ? t('history.saveFirst') : undefined);
  const columns: Column<Version>[] = [
    {
      key: 'version',
      head: t('history.version'),
      cell: (row) => (
        <>
          {row.version} {row.version === current ? <Tag>{t('history.current')}</Tag> : null}
        </>
      ),
    },
    { key: 'at', head: t('audit.at'), cell: (row) => <Time value={row.at} /> },
    { key: 'by', head: t('audit.actor'), cell: (row) => <code>{row.by}</code> },
    { key: 'action', head: t('audit.action'), cell: (row) => <code>{row.action}</code> },
    {
      key: 'change',
      head: t('audit.change'),
      cell: (row) => <ChangeView before={row.before?.spec} after={row.spec} />,
    },
    {
      key: 'restore',
      head: t('common.actions'),
      headHidden: true,
      figure: true,
      cell: (row) =>
        row.version === current ? null : (
          <Button
            size="compact-sm"
            variant="default"
            disabled={Boolean(reason)}
            title={reason}
            onClick={() => setChosen(row)}
          >
            {t('history.restore')}
          </Button>
        ),
    },
  ];
  return (
    <Section title={t('form.history')} lead={t('history.lead')} flush>
      <PagedTable
        list={list}
        label={t('form.history')}
        columns={columns}
        rowKey={(row) => String(row.version)}
        pick={(entries) => versionsOf(entries, list.hasNextPage)}
        counted={false}
      />
      {chosen ? (
        <Restore collection={collection} loaded={loaded} entry={chosen} onClose={() => setChosen(null)} />
      ) : null}
    </Section>
  );
}

interface RestoreProps<C extends PagedCollection> {
  collection: C;
  loaded: LoadedResource<Specs[C]>;
  entry: HistoryEntry;
  onClose: () => void;
}

/** Shows what going back would change, and does it on top of the version that the reader sees. */
function Restore<C extends PagedCollection>({ collection, loaded, entry, onClose }: RestoreProps<C>) {
  const { t } = useTranslation();
  const { id, spec } = loaded.data;
  const rollback = useRollback(collection, id);
  const stale = rollback.error instanceof Problem && rollback.error.status === 412;
  const { version } = entry;
  const run = () =>
    rollback.mutate(
      { version, etag: loaded.etag ?? '*' },
      {
        onSuccess: () => {
          sayDone(t('history.restored', { version }));
          onClose();
        },
      },
    );
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={t('history.restoreTitle', { version })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Rows>
        <p>{t('history.restoreText')}</p>
        <ChangeList before={spec} after={entry.spec} />
        <ErrorNote error={stale ? new Error(t('history.stale')) : rollback.error} />
        <Bar end>
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('common.cancel')}
          </Button>
          <Button leftSection={<Icon name="history" size={16} />} loading={rollback.isPending} onClick={run}>
            {t('history.restore')}
          </Button>
        </Bar>
      </Rows>
    </Modal>
  );
}
