// All applications and what each may call.

import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Application, Resource } from '../../api/types';
import { ResourceList } from '../../resources/resource-list';
import { ButtonLink } from '../../ui/button-link';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { Status } from '../../ui/status';

/** Kept by the server for the playground; people neither made it nor need to look after it. */
const systemApplication = 'playground';

export default function Applications() {
  const { t } = useTranslation();
  const columns = useColumns();
  return (
    <ResourceList
      collection="applications"
      lead={t('apps.lead')}
      columns={columns}
      emptyTitle={t('apps.emptyTitle')}
      emptyText={t('apps.emptyText')}
      shown={(row) => row.id !== systemApplication}
      add={
        <ButtonLink to="/applications/new" leftSection={<Icon name="plus" size={16} />}>
          {t('apps.add')}
        </ButtonLink>
      }
    />
  );
}

function useColumns(): Column<Resource<Application>>[] {
  const { t } = useTranslation();
  const names = (allowed: string[]) =>
    allowed.length === 0 ? t('form.nothingAllowed') : <Clip code text={allowed.join(', ')} />;
  return [
    {
      key: 'name',
      head: t('common.name'),
      cell: (row) => (
        <Link to="/applications/$id" params={{ id: row.id }} className="name-link">
          <Clip text={row.spec.name || row.id} />
        </Link>
      ),
    },
    {
      key: 'state',
      head: t('apps.state'),
      cell: (row) =>
        row.spec.disabled ? (
          <Status tone="idle">{t('apps.states.disabled')}</Status>
        ) : (
          <Status tone="good">{t('apps.states.active')}</Status>
        ),
    },
    { key: 'models', head: t('apps.models'), cell: (row) => names(row.spec.models) },
    { key: 'services', head: t('apps.services'), cell: (row) => names(row.spec.services) },
    { key: 'team', head: t('common.team'), cell: (row) => <Clip text={row.team} /> },
    { key: 'changed', head: t('common.changed'), cell: (row) => <Time value={row.updated_at} as="relative" /> },
  ];
}
