// A list that is read page by page, as a table: while it is read, when it failed, when it is empty, and its next page.
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { type Column, DataTable } from './data-table';
import { ListFoot } from './list-foot';
import { Loaded } from './notes';

type PagedList<Row> = UseInfiniteQueryResult<InfiniteData<{ items: Row[] }>>;

interface PagedTableProps<Row> {
  list: PagedList<Row>;
  /** Says what the table holds, for those who do not see it. */
  label: string;
  columns: Column<Row>[];
  rowKey: (row: Row) => string;
  /** What stands in the place of a table without rows. */
  empty?: ReactNode;
  /** What is shown of the rows that were read. */
  pick?: (rows: Row[]) => Row[];
  /** How many rows there are is said at the end; else only while there are more. */
  counted?: boolean;
}

/** All rows that were read so far. */
export const rowsOf = <Row,>({ data }: Pick<PagedList<Row>, 'data'>): Row[] =>
  data?.pages.flatMap((page) => page.items) ?? [];

export function PagedTable<Row>(props: PagedTableProps<Row>) {
  const { list, label, columns, rowKey, empty, pick = (rows) => rows, counted = true } = props;
  return (
    <Loaded query={list}>
      {() => {
        const rows = pick(rowsOf(list));
        // A page of rows that are not shown is no empty list while there are more.
        if (rows.length === 0 && !list.hasNextPage) return empty;
        return (
          <>
            <DataTable label={label} columns={columns} rows={rows} rowKey={rowKey} />
            {counted || list.hasNextPage ? <ListFoot list={list} count={rows.length} /> : null}
          </>
        );
      }}
    </Loaded>
  );
}
