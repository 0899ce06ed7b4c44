// All providers, with how they did in the last hour.

import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useUsage } from '../../api/insights';
import type { Provider, Resource, UsageRow } from '../../api/types';
import { ResourceList } from '../../resources/resource-list';
import { ButtonLink } from '../../ui/button-link';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Count, Duration } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { Tag } from '../../ui/status';
import { ProviderHealth } from './health';

/** The hour that health is judged by, moved on once a minute so that the question stays the same for that long. */
function lastHour(): string {
  const minute = 60_000;
  return new Date(Math.floor(Date.now() / minute) * minute - 60 * minute).toISOString();
}

export default function Providers() {
  const { t } = useTranslation();
  const usage = useUsage({ from: lastHour(), group_by: 'provider' });
  const byProvider = useMemo(() => new Map((usage.data?.rows ?? []).map((row) => [row.group, row])), [usage.data]);
  const columns = useColumns(byProvider);
  return (
    <ResourceList
      collection="providers"
      lead={t('providers.lead')}
      columns={columns}
      emptyTitle={t('providers.emptyTitle')}
      emptyText={t('providers.emptyText')}
      add={
        <ButtonLink to="/providers/new" leftSection={<Icon name="plus" size={16} />}>
          {t('providers.add')}
        </ButtonLink>
      }
    />
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
          <Clip text={row.spec.name || row.id} />
        </Link>
      ),
    },
    {
      key: 'health',
      head: t('providers.health'),
      cell: (row) => <ProviderHealth provider={row.spec} usage={usage.get(row.id)} />,
    },
    {
      key: 'protocol',
      head: t('providers.protocol'),
      cell: (row) => <Tag>{row.spec.protocol ?? row.spec.catalog ?? ''}</Tag>,
    },
    { key: 'address', head: t('providers.address'), cell: (row) => <Clip code text={row.spec.base_url || '–'} /> },
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
