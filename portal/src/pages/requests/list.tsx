// The request log: newest first, narrowed by what the address says.
import { Button } from '@mantine/core';
import { Link, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRequests } from '../../api/insights';
import type { RequestRow } from '../../api/types';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Count, Duration, Estimated, Money, Time } from '../../ui/figures';
import { Page, Section } from '../../ui/page';
import { PagedTable } from '../../ui/paged-table';
import { Tag } from '../../ui/status';
import { inputTokens, outputTokens } from '../usage/series';
import { type RequestFilter, requestQuery } from './filter';
import { Filters } from './filters';
import { OutcomeStatus } from './outcome';

export default function Requests() {
  const { t } = useTranslation();
  const filter = useSearch({ from: '/app/requests' });
  const { query, renew } = useQuestion(filter);
  const list = useRequests(query);
  const columns = useColumns();
  const narrowed = Object.values(filter).some(Boolean);
  const refreshed = () => (renew() ? undefined : void list.refetch());
  const refresh = (
    <Button variant="default" loading={list.isFetching && !list.isFetchingNextPage} onClick={refreshed}>
      {t('requests.refresh')}
    </Button>
  );
  return (
    <Page title={t('nav.requests')} lead={t('requests.lead')} actions={refresh}>
      <Filters filter={filter} />
      <Section flush>
        <PagedTable
          list={list}
          label={t('nav.requests')}
          columns={columns}
          rowKey={(row) => row.id}
          empty={
            narrowed ? (
              <Empty title={t('requests.nothingTitle')}>{t('requests.nothingText')}</Empty>
            ) : (
              <Empty
                title={t('requests.emptyTitle')}
                action={<Link to="/playground">{t('requests.emptyAction')}</Link>}
              >
                {t('requests.emptyText')}
              </Empty>
            )
          }
        />
      </Section>
    </Page>
  );
}

/**
 * What is asked for. A range reaches back from the moment at which it was chosen, until somebody refreshes: `renew`
 * moves it on, and says whether that makes another question.
 */
function useQuestion(filter: RequestFilter) {
  const { range } = filter;
  const [asked, setAsked] = useState({ range, at: Date.now() });
  const current = asked.range === range ? asked : { range, at: Date.now() };
  if (current !== asked) setAsked(current);
  const query = requestQuery(filter, current.at);
  const renew = () => {
    const at = Date.now();
    setAsked({ range, at });
    return requestQuery(filter, at).from !== query.from;
  };
  return { query, renew };
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
      cell: (row) => (
        <>
          <Clip code text={row.model || row.asked_model || `${row.method} ${row.path}`} />
          {row.dropped?.length ? (
            <>
              {' '}
              <Tag title={row.dropped.join(', ')}>{t('requests.droppedSome', { count: row.dropped.length })}</Tag>
            </>
          ) : null}
        </>
      ),
    },
    {
      key: 'by',
      head: t('requests.answeredBy'),
      cell: (row) => <Clip code text={[row.provider, row.upstream_model].filter(Boolean).join('/') || '–'} />,
    },
    {
      key: 'application',
      head: t('requests.fields.application'),
      cell: (row) => <Clip text={row.application || '–'} />,
    },
    {
      key: 'in',
      head: t('usage.tokensIn'),
      figure: true,
      cell: (row) => (
        <Estimated by={row.usage.source}>
          <Count value={inputTokens(row.usage.tokens)} />
        </Estimated>
      ),
    },
    {
      key: 'out',
      head: t('usage.tokensOut'),
      figure: true,
      cell: (row) => (
        <Estimated by={row.usage.source}>
          <Count value={outputTokens(row.usage.tokens)} />
        </Estimated>
      ),
    },
    {
      key: 'cost',
      head: t('usage.cost'),
      figure: true,
      cell: (row) => (
        <Estimated by={row.usage.source}>
          <Money nanos={row.cost} />
        </Estimated>
      ),
    },
    { key: 'duration', head: t('requests.duration'), figure: true, cell: (row) => <Duration us={row.duration_us} /> },
  ];
}
