// The sums of each group, largest cost first.
import { Table } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { UsageRow } from '../../api/types';
import { formatShare } from '../../format/quantity';
import { useLocale } from '../../i18n/use-locale';
import { Clip } from '../../ui/clip';
import { type Column, DataTable } from '../../ui/data-table';
import { Cost, Count, Duration } from '../../ui/figures';
import { inputTokens, outputTokens } from './series';
import classes from './usage.module.css';
import type { Grouping } from './view';

export function UsageTable({ rows, grouping }: { rows: UsageRow[]; grouping: Grouping }) {
  const { t } = useTranslation();
  const columns = useColumns(grouping);
  const sorted = [...rows].sort((a, b) => b.cost - a.cost || b.requests - a.requests);
  const sum = (of: (row: UsageRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  return (
    <DataTable
      label={t(`usage.by.${grouping}`)}
      columns={columns}
      rows={sorted}
      rowKey={(row) => row.group}
      foot={
        <Table.Tr className={classes.total}>
          <Table.Td>{t('usage.total')}</Table.Td>
          <Table.Td data-figure>
            <Count value={sum((row) => row.requests)} />
          </Table.Td>
          <Table.Td data-figure>
            <Count value={sum((row) => row.errors)} />
          </Table.Td>
          <Table.Td data-figure>
            <Count value={sum((row) => inputTokens(row.tokens))} />
          </Table.Td>
          <Table.Td data-figure>
            <Count value={sum((row) => outputTokens(row.tokens))} />
          </Table.Td>
          <Table.Td data-figure>
            <Cost nanos={sum((row) => row.cost)} unpriced={sum((row) => row.unpriced)} />
          </Table.Td>
          <Table.Td colSpan={3} />
        </Table.Tr>
      }
    />
  );
}

/** The request log, narrowed to a group. */
function GroupLink({ grouping, group }: { grouping: Grouping; group: string }) {
  const { t } = useTranslation();
  if (!group) return <em className="muted">{t('usage.unnamed')}</em>;
  if (grouping === 'team') return <Clip text={group} />;
  return (
    <Link to="/requests" search={{ [grouping]: group }} className="name-link">
      <Clip text={group} />
    </Link>
  );
}

function useColumns(grouping: Grouping): Column<UsageRow>[] {
  const { t } = useTranslation();
  const locale = useLocale();
  return [
    {
      key: 'group',
      head: t(`usage.by.${grouping}`),
      cell: (row) => <GroupLink grouping={grouping} group={row.group} />,
    },
    { key: 'requests', head: t('usage.requests'), figure: true, cell: (row) => <Count value={row.requests} /> },
    {
      key: 'errors',
      head: t('usage.errors'),
      figure: true,
      cell: (row) => (row.errors === 0 ? '0' : `${row.errors} (${formatShare(row.errors, row.requests, locale)})`),
    },
    { key: 'in', head: t('usage.tokensIn'), figure: true, cell: (row) => <Count value={inputTokens(row.tokens)} /> },
    { key: 'out', head: t('usage.tokensOut'), figure: true, cell: (row) => <Count value={outputTokens(row.tokens)} /> },
    {
      key: 'cost',
      head: t('usage.cost'),
      figure: true,
      cell: (row) => (
        <>
          <Cost nanos={row.cost} unpriced={row.unpriced} />
          {row.unpriced > 0 ? <div className="small muted">{t('usage.unpriced', { count: row.unpriced })}</div> : null}
        </>
      ),
    },
    { key: 'p50', head: t('usage.p50'), figure: true, cell: (row) => <Duration us={row.p50_us} /> },
    { key: 'p90', head: t('usage.p90'), figure: true, cell: (row) => <Duration us={row.p90_us} /> },
    { key: 'p99', head: t('usage.p99'), figure: true, cell: (row) => <Duration us={row.p99_us} /> },
  ];
}
