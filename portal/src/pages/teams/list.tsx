// All teams, and what the request log keeps of each.
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Resource, Team } from '../../api/types';
import { ResourceList } from '../../resources/resource-list';
import { ButtonLink } from '../../ui/button-link';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { Status } from '../../ui/status';

export default function Teams() {
  const { t } = useTranslation();
  const columns = useColumns();
  return (
    <ResourceList
      collection="teams"
      lead={t('teams.lead')}
      columns={columns}
      emptyTitle={t('teams.emptyTitle')}
      emptyText={t('teams.lead')}
      add={
        <ButtonLink to="/teams/new" leftSection={<Icon name="plus" size={16} />}>
          {t('teams.add')}
        </ButtonLink>
      }
    />
  );
}

function useColumns(): Column<Resource<Team>>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'name',
      head: t('common.name'),
      cell: (row) => (
        <Link to="/teams/$id" params={{ id: row.id }} className="name-link">
          <Clip text={row.spec.name || row.id} />
        </Link>
      ),
    },
    {
      key: 'log',
      head: t('teams.bodies'),
      cell: (row) => {
        const bodies = row.spec.request_log?.bodies ?? 'off';
        return <Status tone={bodies === 'off' ? 'idle' : 'warn'}>{t(`teams.kept.${bodies}`)}</Status>;
      },
    },
    { key: 'changed', head: t('common.changed'), cell: (row) => <Time value={row.updated_at} as="relative" /> },
  ];
}
