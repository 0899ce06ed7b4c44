// All providers, with how they did in the last hour.

import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useUsage } from '../../api/insights';
import { useResourceList } from '../../api/resources';
import type { Provider, Resource, UsageRow } from '../../api/types';
import { ButtonLink } from '../../ui/button-link';
import { type Column, DataTable } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Count, Duration } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { ListFoot } from '../../ui/list-foot';
import { Loaded } from '../../ui/notes';
import { Page, Section } from '../../ui/page';
import { SearchField } from '../../ui/search-field';
import { Tag } from '../../ui/status';
import { ProviderHealth } from './health';

/** The hour that health is judged by, moved on once a minute so that the question stays the same for that long. */
function lastHour(): string {
  const minute = 60_000;
  return new Date(Math.floor(Date.now() / minute) * minute - 60 * minute).toISOString();
}

export default function Providers() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { q } = useSearch({ from: '/app/providers' });
  const list = useResourceList('providers', q ? { q } : {});
  const usage = useUsage({ from: lastHour(), group_by: 'provider' });
  const byProvider = useMemo(() => new Map((usage.data?.rows ?? []).map((row) => [row.group, row])), [usage.data]);
  const columns = useColumns(byProvider);
  const add = (
    <ButtonLink to="/providers/new" leftSection={<Icon name="plus" size={16} />}>
      {t('providers.add')}
    </ButtonLink>
  );
  return (
    <Page title={t('nav.providers')} lead={t('providers.lead')} actions={add}>
      <SearchField
        value={q}
        onChange={(text) => void navigate({ to: '/providers', search: { q: text }, replace: true })}
      />
      <Section flush>
        <Loaded query={list}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            if (rows.length === 0 && !q) {
              return (
                <Empty title={t('providers.emptyTitle')} action={add}>
                  {t('providers.emptyText')}
                </Empty>
              );
            }
            if (rows.length === 0) return <Empty title={t('common.nothingFound')} />;
            return (
              <>
                <DataTable label={t('nav.providers')} columns={columns} rows={rows} rowKey={(row) => row.id} />
                <ListFoot list={list} count={rows.length} />
              </>
            );
          }}
        </Loaded>
      </Section>
    </Page>
  );
}

function useColumns(usage: Map<string, UsageRow>): Column<Resource<Provider>>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      head: t('common.name'),
      cell: (row) => (
        <Link to="/providers/$id" params={{ id: row.id }} className="name-link">
          {row.spec.name || row.id}
        </Link>
      ),
    },
    {
      key: 'health',
      head: t('providers.health'),
      cell: (row) => <ProviderHealth provider={row.spec} usage={usage.get(row.id)} />,
    },
    { key: 'protocol', head: t('providers.protocol'), cell: (row) => <Tag>{row.spec.protocol}</Tag> },
    { key: 'address', head: t('providers.address'), cell: (row) => <code>{row.spec.base_url || '–'}</code> },
    {
      key: 'keys',
      head: t('providers.keys'),
      figure: true,
      cell: (row) => <Count value={row.spec.keys?.length ?? 0} />,
    },
    {
      key: 'requests',
      head: t('providers.requestsHour'),
      figure: true,
      cell: (row) => <Count value={usage.get(row.id)?.requests ?? 0} />,
    },
    { key: 'p50', head: t('usage.p50'), figure: true, cell: (row) => <Duration us={usage.get(row.id)?.p50_us} /> },
  ];
}
