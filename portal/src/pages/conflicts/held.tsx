// What stores hold of one kind: of what, who has it, when it ends; and the way to take it away.
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type HeldFilter, useHeld } from '../../api/conflicts';
import type { HeldEntry, HeldKind, HeldPage } from '../../api/types';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Count } from '../../ui/figures';
import { Section } from '../../ui/page';
import { PagedTable } from '../../ui/paged-table';
import { Status, Tag } from '../../ui/status';
import { Countdown } from './countdown';
import classes from './held.module.css';
import { TakeAway } from './take-away';

export function HeldList({ kind, filter }: { kind: HeldKind; filter: HeldFilter }) {
  const { t } = useTranslation();
  const list = useHeld(kind, filter);
  const [chosen, setChosen] = useState<HeldEntry | null>(null);
  const columns = useColumns(kind, setChosen);
  const narrowed = Boolean(filter.team ?? filter.store);
  return (
    <Section flush>
      <Unseen page={list.data?.pages[0]} />
      <PagedTable
        list={list}
        label={t(`conflicts.tabs.${kind}`)}
        columns={columns}
        rowKey={(row) => `${row.store} ${row.id}`}
        empty={
          <Empty title={t(narrowed ? 'common.nothingFound' : `conflicts.none.${kind}`)}>
            {t(`conflicts.noneText.${kind}`)}
          </Empty>
        }
      />
      {chosen && (kind === 'locks' || kind === 'keys') ? (
        <TakeAway kind={kind} entry={chosen} onClose={() => setChosen(null)} />
      ) : null}
    </Section>
  );
}

/** What is not in the list: stores that do not answer, and memories of other processes. */
function Unseen({ page }: { page: HeldPage | undefined }) {
  const silent = (page?.stores ?? []).flatMap(({ id, problem }) => (problem ? [`${id}: ${problem}`] : []));
  const notes = page?.notes ?? [];
  if (silent.length + notes.length === 0) return null;
  return (
    <ul className={classes.unseen}>
      {silent.map((text) => (
        <li key={text}>
          <Status tone="bad">{text}</Status>
        </li>
      ))}
      {notes.map((text) => (
        <li key={text} className="muted small">
          {text}
        </li>
      ))}
    </ul>
  );
}

type HeldColumn = Column<HeldEntry>;

function useColumns(kind: HeldKind, onTake: (entry: HeldEntry) => void): HeldColumn[] {
  const { t } = useTranslation();
  const text = (key: 'owner' | 'team' | 'note' | 'mode' | 'store'): HeldColumn => ({
    key,
    head: key === 'team' ? t('common.team') : t(`conflicts.${key}`),
    wrap: key === 'note',
    cell: (row) => (key === 'note' ? (row.note ?? '–') : <Clip text={row[key] || '–'} />),
  });
  const what: HeldColumn = {
    key: 'what',
    head: t(`conflicts.what.${kind}`),
    cell: (row) => <Clip code text={row.label || row.id} />,
  };
  const ends: HeldColumn = {
    key: 'ends',
    head: t('conflicts.ends'),
    cell: (row) => <Countdown at={row.expires_at} />,
  };
  const fence: HeldColumn = {
    key: 'fence',
    head: t('conflicts.fence'),
    figure: true,
    cell: (row) => <code>{row.fence ?? '–'}</code>,
  };
  const state: HeldColumn = {
    key: 'state',
    head: t('conflicts.state'),
    cell: ({ state: word, status }) => <Tag>{[word, status].filter(Boolean).join(' ') || '–'}</Tag>,
  };
  const taken: HeldColumn = {
    key: 'taken',
    head: t('conflicts.taken'),
    figure: true,
    cell: (row) => (
      <>
        <Count value={row.taken ?? 0} /> / {typeof row.limit === 'number' ? <Count value={row.limit} /> : '–'}
      </>
    ),
  };
  const take: HeldColumn = {
    key: 'take',
    head: t('common.actions'),
    headHidden: true,
    figure: true,
    cell: (row) => (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={t(kind === 'locks' ? 'conflicts.breakWhat' : 'conflicts.forgetWhat', { what: row.label || row.id })}
        onClick={() => onTake(row)}
      >
        {t(kind === 'locks' ? 'conflicts.break' : 'conflicts.forget')}
      </Button>
    ),
  };
  const columns: Record<HeldKind, HeldColumn[]> = {
    locks: [what, text('mode'), text('owner'), text('team'), ends, fence, text('note'), text('store'), take],
    leases: [what, text('owner'), ends, fence, text('store')],
    keys: [what, state, text('owner'), text('team'), ends, text('store'), take],
    limits: [what, taken, ends, text('store')],
  };
  return columns[kind];
}
