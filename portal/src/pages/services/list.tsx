// All services: the REST APIs behind the gateway.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Resource, Service } from '../../api/types';
import { PolicyTags } from '../../conflict/tags';
import { ResourceList } from '../../resources/resource-list';
import { ButtonLink } from '../../ui/button-link';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';

export default function Services() {
  const { t } = useTranslation();
  const columns: Column<Resource<Service>>[] = [
    {
      key: 'id',
      head: t('common.name'),
      cell: (row) => (
        <Link to="/services/$id" params={{ id: row.id }} className="name-link">
          <Clip text={row.spec.name || row.id} />
        </Link>
      ),
    },
    { key: 'where', head: t('rest.where'), cell: ({ spec }) => <Clip code text={placeOf(spec)} /> },
    { key: 'upstream', head: t('rest.upstream'), cell: ({ spec }) => <Clip code text={spec.upstream ?? '–'} /> },
    { key: 'conflict', head: t('conflict.title'), cell: ({ spec }) => <PolicyTags setting={spec.conflict} /> },
    { key: 'changed', head: t('common.changed'), cell: (row) => <Time value={row.updated_at} as="relative" /> },
  ];
  return (
    <ResourceList
      collection="services"
      lead={t('rest.servicesLead')}
      columns={columns}
      emptyTitle={t('rest.noServices')}
      emptyText={t('rest.noServicesText')}
      add={
        <ButtonLink to="/services/new" leftSection={<Icon name="plus" size={16} />}>
          {t('rest.addService')}
        </ButtonLink>
      }
    />
  );
}

const placeOf = ({ hosts = [], base_path = '' }: Service) => `${hosts.join(', ') || '*'}${base_path || '/'}`;
