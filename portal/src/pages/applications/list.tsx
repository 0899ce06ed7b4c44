// All applications and what each may call.

import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useResourceList } from '../../api/resources';
import type { Application, Resource } from '../../api/types';
import { ButtonLink } from '../../ui/button-link';
import { type Column, DataTable } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Time } from '../../ui/figures';
import { Icon } from '../../ui/icons';
import { ListFoot } from '../../ui/list-foot';
import { Loaded } from '../../ui/notes';
import { Page, Section } from '../../ui/page';
import { SearchField } from '../../ui/search-field';
import { Status } from '../../ui/status';

/** Kept by the server for the playground; people neither made it nor need to look after it. */
const systemApplication = 'playground';

export default function Applications() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { q } = useSearch({ from: '/app/applications' });
  const list = useResourceList('applications', q ? { q } : {});
  const columns = useColumns();
  const add = (
    <ButtonLink to="/applications/new" leftSection={<Icon name="plus" size={16} />}>
      {t('apps.add')}
    </ButtonLink>
  );
  return (
    <Page title={t('nav.applications')} lead={t('apps.lead')} actions={add}>
      <SearchField
        value={q}
        onChange={(text) => void navigate({ to: '/applications', search: { q: text }, replace: true })}
      />
      <Section flush>
        <Loaded query={list}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items).filter((row) => row.id !== systemApplication);
            if (rows.length === 0 && !q) {
              return (
                <Empty title={t('apps.emptyTitle')} action={add}>
                  {t('apps.emptyText')}
                </Empty>
              );
            }
            if (rows.length === 0) return <Empty title={t('common.nothingFound')} />;
            return (
              <>
                <DataTable label={t('nav.applications')} columns={columns} rows={rows} rowKey={(row) => row.id} />
                <ListFoot list={list} count={rows.length} />
              </>
            );
          }}
        </Loaded>
      </Section>
    </Page>
  );
}

function useColumns(): Column<Resource<Application>>[] {
  const { t } = useTranslation();
  const names = (allowed: string[]) =>
    allowed.length === 0 ? t('form.nothingAllowed') : <code>{allowed.join(', ')}</code>;
  return [
    {
      key: 'name',
      head: t('common.name'),
      cell: (row) => (
        <Link to="/applications/$id" params={{ id: row.id }} className="name-link">
          {row.spec.name || row.id}
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
    { key: 'team', head: t('common.team'), cell: (row) => row.team },
    { key: 'changed', head: t('common.changed'), cell: (row) => <Time value={row.updated_at} as="relative" /> },
  ];
}
