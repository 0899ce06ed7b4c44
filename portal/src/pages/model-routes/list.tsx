// All model routes: the names that callers use, and where each leads.

import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useResourceList } from '../../api/resources';
import type { ModelRoute, Resource } from '../../api/types';
import { ButtonLink } from '../../ui/button-link';
import { Copyable } from '../../ui/copyable';
import { type Column, DataTable } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { ListFoot } from '../../ui/list-foot';
import { Loaded } from '../../ui/notes';
import { Page, Section } from '../../ui/page';
import { SearchField } from '../../ui/search-field';
import classes from './list.module.css';
import { shares } from './values';

export default function ModelRoutes() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { q } = useSearch({ from: '/app/model-routes' });
  const list = useResourceList('model-routes', q ? { q } : {});
  const columns = useColumns();
  const add = (
    <ButtonLink to="/model-routes/new" leftSection={<Icon name="plus" size={16} />}>
      {t('routes.add')}
    </ButtonLink>
  );
  return (
    <Page title={t('nav.modelRoutes')} lead={t('routes.lead')} actions={add}>
      <SearchField
        value={q}
        onChange={(text) => void navigate({ to: '/model-routes', search: { q: text }, replace: true })}
      />
      <Section flush>
        <Loaded query={list}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            if (rows.length === 0 && !q) {
              return (
                <Empty title={t('routes.emptyTitle')} action={add}>
                  {t('routes.emptyText')}
                </Empty>
              );
            }
            if (rows.length === 0) return <Empty title={t('common.nothingFound')} />;
            return (
              <>
                <DataTable label={t('nav.modelRoutes')} columns={columns} rows={rows} rowKey={(row) => row.id} />
                <ListFoot list={list} count={rows.length} />
              </>
            );
          }}
        </Loaded>
      </Section>
    </Page>
  );
}

function useColumns(): Column<Resource<ModelRoute>>[] {
  const { t } = useTranslation();
  return [
    {
      key: 'id',
      head: t('common.name'),
      cell: (row) => (
        <Link to="/model-routes/$id" params={{ id: row.id }} className="name-link">
          {row.id}
        </Link>
      ),
    },
    { key: 'model', head: t('routes.calledAs'), cell: (row) => <Copyable text={row.spec.model ?? row.id} /> },
    { key: 'targets', head: t('routes.targets'), cell: (row) => <Targets route={row.spec} /> },
    { key: 'description', head: t('common.description'), cell: (row) => row.spec.description || '–' },
    { key: 'changed', head: t('common.changed'), cell: (row) => <Time value={row.updated_at} as="relative" /> },
  ];
}

function Targets({ route }: { route: ModelRoute }) {
  return (
    <span className={classes.targets}>
      {shares(route.targets).map(({ priority, parts }, level) => (
        <span key={priority} className={classes.level}>
          {level > 0 ? <Icon name="arrow" size={14} /> : null}
          <code>{parts.map((part) => part.label).join(' · ')}</code>
        </span>
      ))}
    </span>
  );
}
