// The list of a kind: search in the address, what to do when there is nothing, page by page.
import { Box } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useResourceList } from '../api/resources';
import type { Resource, Specs } from '../api/types';
import { AddressSearch } from '../ui/address-search';
import type { Column } from '../ui/data-table';
import { Empty } from '../ui/empty';
import { Page, Section } from '../ui/page';
import { PagedTable } from '../ui/paged-table';
import { kinds, type PagedCollection } from './kinds';

interface ResourceListProps<C extends PagedCollection> {
  collection: C;
  lead: string;
  columns: Column<Resource<Specs[C]>>[];
  /** The button that adds one. */
  add: ReactNode;
  emptyTitle: string;
  emptyText: string;
  /** False for rows that people need not see. */
  shown?: (row: Resource<Specs[C]>) => boolean;
}

export function ResourceList<C extends PagedCollection>(props: ResourceListProps<C>) {
  const { collection, lead, columns, add, emptyTitle, emptyText, shown = () => true } = props;
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { q } = useSearch({ strict: false });
  const list = useResourceList(collection, q ? { q } : {});
  const title = t(kinds[collection].nav);
  return (
    <Page title={title} lead={lead} actions={add}>
      <Box maw="22rem">
        <AddressSearch
          label={t('common.search')}
          placeholder={t('common.search')}
          value={q}
          onChange={(text) => void navigate({ to: kinds[collection].list, search: { q: text }, replace: true })}
        />
      </Box>
      <Section flush>
        <PagedTable
          list={list}
          label={title}
          columns={columns}
          rowKey={(row) => row.id}
          pick={(rows) => rows.filter(shown)}
          empty={
            q ? (
              <Empty title={t('common.nothingFound')} />
            ) : (
              <Empty title={emptyTitle} action={add}>
                {emptyText}
              </Empty>
            )
          }
        />
      </Section>
    </Page>
  );
}
