// All routes of services: which path leads where, and what becomes of requests that clash there.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Resource, Route } from '../../api/types';
import { PolicyTags } from '../../conflict/tags';
import { ResourceList } from '../../resources/resource-list';
import { ButtonLink } from '../../ui/button-link';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';

export default function Routes() {
  const { t } = useTranslation();
  const columns: Column<Resource<Route>>[] = [
    {
      key: 'id',
      head: t('common.id'),
      cell: (row) => (
        <Link to="/routes/$id" params={{ id: row.id }} className="name-link">
          <Clip text={row.id} />
        </Link>
      ),
    },
    { key: 'service', head: t('rest.service'), cell: ({ spec }) => <Clip code text={spec.service} /> },
    {
      key: 'path',
      head: t('rest.path'),
      cell: ({ spec }) => <Clip code text={[spec.methods?.join(' ') ?? '', spec.path].join(' ').trim()} />,
    },
    { key: 'conflict', head: t('conflict.title'), cell: ({ spec }) => <PolicyTags setting={spec.conflict} /> },
    { key: 'changed', head: t('common.changed'), cell: (row) => <Time value={row.updated_at} as="relative" /> },
  ];
  return (
    <ResourceList
      collection="routes"
      lead={t('rest.routesLead')}
      columns={columns}
      emptyTitle={t('rest.noRoutes')}
      emptyText={t('rest.noRoutesText')}
      add={
        <ButtonLink to="/routes/new" leftSection={<Icon name="plus" size={16} />}>
          {t('rest.addRoute')}
        </ButtonLink>
      }
    />
  );
}
