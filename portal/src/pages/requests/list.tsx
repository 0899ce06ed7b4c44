// The request log: newest first, narrowed by what the address says.
import { Button, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useRequests } from '../../api/insights';
import { outcomes, type RequestRow } from '../../api/types';
import { type Column, DataTable } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Count, Duration, Money, Time } from '../../ui/figures';
import { ListFoot } from '../../ui/list-foot';
import { Loaded } from '../../ui/notes';
import { Page, Section } from '../../ui/page';
import { inputTokens, outputTokens } from '../usage/series';
import { filterFields, type RequestFilter } from './filter';
import classes from './list.module.css';
import { OutcomeStatus } from './outcome';

export default function Requests() {
  const { t } = useTranslation();
  const filter = useSearch({ from: '/app/requests' });
  const list = useRequests(filter);
  const columns = useColumns();
  const narrowed = Object.values(filter).some(Boolean);
  const refresh = (
    <Button variant="default" loading={list.isRefetching} onClick={() => void list.refetch()}>
      {t('requests.refresh')}
    </Button>
  );
  return (
    <Page title={t('nav.requests')} lead={t('requests.lead')} actions={refresh}>
      <Filters filter={filter} narrowed={narrowed} />
      <Section flush>
        <Loaded query={list}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            if (rows.length === 0) {
              return narrowed ? (
                <Empty title={t('requests.nothingTitle')}>{t('requests.nothingText')}</Empty>
              ) : (
                <Empty
                  title={t('requests.emptyTitle')}
                  action={<Link to="/playground">{t('requests.emptyAction')}</Link>}
                >
                  {t('requests.emptyText')}
                </Empty>
              );
            }
            return (
              <>
                <DataTable label={t('nav.requests')} columns={columns} rows={rows} rowKey={(row) => row.id} />
                <ListFoot list={list} count={rows.length} />
              </>
            );
          }}
        </Loaded>
      </Section>
    </Page>
  );
}

function Filters({ filter, narrowed }: { filter: RequestFilter; narrowed: boolean }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const change = (part: RequestFilter) =>
    void navigate({ to: '/requests', search: { ...filter, ...part }, replace: true });
  const later = useDebouncedCallback(change, 300);
  return (
    <search className={classes.filters} key={narrowed ? 'narrowed' : 'all'}>
      <TextInput
        label={t('common.search')}
        placeholder={t('requests.searchHint')}
        defaultValue={filter.q ?? ''}
        onChange={(e) => later({ q: e.currentTarget.value || undefined })}
      />
      <Select
        label={t('requests.outcome')}
        placeholder={t('requests.any')}
        data={outcomes.map((value) => ({ value, label: t(`requests.outcomes.${value}`) }))}
        value={filter.outcome ?? null}
        onChange={(value) => change({ outcome: value ?? undefined })}
        clearable
        clearButtonProps={{ 'aria-label': t('requests.anyOutcome') }}
      />
      {filterFields.map((field) => (
        <TextInput
          key={field}
          label={t(`requests.fields.${field}`)}
          placeholder={field === 'status' ? '429, 5xx, error' : t('requests.any')}
          defaultValue={filter[field] ?? ''}
          onChange={(event) => later({ [field]: event.currentTarget.value || undefined })}
        />
      ))}
      <Button
        variant="subtle"
        disabled={!narrowed}
        onClick={() => void navigate({ to: '/requests', search: {}, replace: true })}
      >
        {t('requests.clear')}
      </Button>
    </search>
  );
}

function useColumns(): Column<RequestRow>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'at',
      head: t('requests.at'),
      cell: (row) => (
        <Link to="/requests/$id" params={{ id: row.id }} className="name-link">
          <Time value={row.at} />
        </Link>
      ),
    },
    {
      key: 'outcome',
      head: t('requests.outcome'),
      cell: (row) => <OutcomeStatus outcome={row.outcome} status={row.status} />,
    },
    {
      key: 'what',
      head: t('requests.what'),
      cell: (row) => <code className="nowrap">{row.model || `${row.method} ${row.path}`}</code>,
    },
    {
      key: 'by',
      head: t('requests.answeredBy'),
      cell: (row) => <code>{[row.provider, row.upstream_model].filter(Boolean).join('/') || '–'}</code>,
    },
    { key: 'application', head: t('requests.fields.application'), cell: (row) => row.application || '–' },
    {
      key: 'in',
      head: t('usage.tokensIn'),
      figure: true,
      cell: (row) => <Count value={inputTokens(row.usage.tokens)} />,
    },
    {
      key: 'out',
      head: t('usage.tokensOut'),
      figure: true,
      cell: (row) => <Count value={outputTokens(row.usage.tokens)} />,
    },
    { key: 'cost', head: t('usage.cost'), figure: true, cell: (row) => <Money nanos={row.cost} /> },
    { key: 'duration', head: t('requests.duration'), figure: true, cell: (row) => <Duration us={row.duration_us} /> },
  ];
}
