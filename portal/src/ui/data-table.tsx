// A table of rows that people compare. It scrolls by itself sideways, and can be reached by keyboard then. Where a row
// has a page of its own, all of the row leads there.
import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './data-table.module.css';
import { followRow, walkRows } from './rows';

export interface Column<Row> {
  key: string;
  head: string;
  cell: (row: Row) => ReactNode;
  /** The head is there for those who do not see the column. */
  headHidden?: boolean;
  /** Running text, which may take more than one line. */
  wrap?: boolean;
  /** Figures stand at the right, one below the other. */
  figure?: boolean;
  /** Left out where there is no room, since the row's page holds it too. */
  spare?: boolean;
}

interface DataTableProps<Row> {
  /** Says what the table holds, for those who do not see it. */
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  rowKey: (row: Row) => string;
  foot?: ReactNode;
}

export function DataTable<Row>({ label, columns, rows, rowKey, foot }: DataTableProps<Row>) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1)
    <section className={classes.scroll} aria-label={label} tabIndex={0}>
      <Table highlightOnHover className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th
                key={column.key}
                data-figure={column.figure || undefined}
                data-spare={column.spare || undefined}
                scope="col"
              >
                {column.headHidden ? <span className="visually-hidden">{column.head}</span> : column.head}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody onClick={followRow} onKeyDown={walkRows}>
          {rows.map((row) => (
            <Table.Tr key={rowKey(row)}>
              {columns.map((column) => (
                <Table.Td
                  key={column.key}
                  data-figure={column.figure || undefined}
                  data-wrap={column.wrap || undefined}
                  data-spare={column.spare || undefined}
                >
                  {column.cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
        {foot ? <Table.Tfoot>{foot}</Table.Tfoot> : null}
      </Table>
    </section>
  );
}
