// The list of a kind: search in the address, what to do when there is nothing, page by page.
import { Box } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useResourceList } from '../api/resources';
import type { Resource, Specs } from '../api/types';
import { AddressField } from '../ui/address-field';
import { type Column, DataTable } from '../ui/data-table';
import { Empty } from '../ui/empty';
import { ListFoot } from '../ui/list-foot';
import { Loaded } from '../ui/notes';
import { Page, Section } from '../ui/page';
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
        <AddressField
          search
          label={t('common.search')}
          placeholder={t('common.search')}
          value={q}
          onChange={(text) => void navigate({ to: kinds[collection].list, search: { q: text }, replace: true })}
        />
      </Box>
      <Section flush>
        <Loaded query={list}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items).filter(shown);
            if (rows.length === 0) {
              return q ? (
                <Empty title={t('common.nothingFound')} />
              ) : (
                <Empty title={emptyTitle} action={add}>
                  {emptyText}
                </Empty>
              );
            }
            return (
              <>
                <DataTable label={title} columns={columns} rows={rows} rowKey={(row) => row.id} />
                <ListFoot list={list} count={rows.length} />
              </>
            );
          }}
        </Loaded>
      </Section>
    </Page>
  );
}
