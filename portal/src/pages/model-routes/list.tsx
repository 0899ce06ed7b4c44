// All model routes: the names that callers use, and where each leads.

import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { ModelRoute, Resource } from '../../api/types';
import { ResourceList } from '../../resources/resource-list';
import { ButtonLink } from '../../ui/button-link';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { Tag } from '../../ui/status';
import classes from './list.module.css';
import { beside, shares } from './values';

export default function ModelRoutes() {
  const { t } = useTranslation();
  const columns = useColumns();
  return (
    <ResourceList
      collection="model-routes"
      lead={t('routes.lead')}
      columns={columns}
      emptyTitle={t('routes.emptyTitle')}
      emptyText={t('routes.emptyText')}
      add={
        <ButtonLink to="/model-routes/new" leftSection={<Icon name="plus" size={16} />}>
          {t('routes.add')}
        </ButtonLink>
      }
    />
  );
}

function useColumns(): Column<Resource<ModelRoute>>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'id',
      head: t('routes.model'),
      cell: (row) => (
        <Link to="/model-routes/$id" params={{ id: row.id }} className="name-link">
          <Clip text={row.spec.model ?? row.id} />
        </Link>
      ),
    },
    { key: 'targets', head: t('routes.targets'), cell: (row) => <Targets route={row.spec} /> },
    { key: 'description', head: t('common.description'), wrap: true, cell: (row) => row.spec.description || '–' },
    { key: 'changed', head: t('common.changed'), cell: (row) => <Time value={row.updated_at} as="relative" /> },
  ];
}

function Targets({ route }: { route: ModelRoute }) {
  const { t } = useTranslation();
  return (
    <span className={classes.targets}>
      {shares(route.targets).map(({ priority, parts }, level) => (
        <span key={priority} className={classes.level}>
          {level > 0 ? <Icon name="arrow" size={14} /> : null}
          <Clip code text={parts.map((part) => part.label).join(' · ')} />
        </span>
      ))}
      {beside(route.targets).map(({ label, role, percent }) => (
        <Tag key={`${label} ${role}`} title={t(`routes.besideBy.${role}`, { percent })}>
          {label}
        </Tag>
      ))}
    </span>
  );
}
