// Every model that Weir knows, of every provider: what it is for, what it can do, what it costs.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useCatalogModels } from '../../api/gateway';
import type { CatalogModel } from '../../api/types';
import { Clip } from '../../ui/clip';
import type { Column } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Count } from '../../ui/figures';
import { Page, Section } from '../../ui/page';
import { PagedTable, rowsOf } from '../../ui/paged-table';
import { Abilities } from './abilities';
import classes from './catalog.module.css';
import { Filters } from './filters';
import { ModelDialog } from './model-dialog';
import { priceNow } from './price';

const nameOf = (model: CatalogModel) => `${model.provider}/${model.id}`;

export default function CatalogPage() {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/catalog' });
  const { model: opened, ...filter } = useSearch({ from: '/app/catalog' });
  const list = useCatalogModels(filter);
  const today = new Date().toISOString().slice(0, 10);
  const columns = useColumns(today);
  const shown = rowsOf(list).find((row) => nameOf(row) === opened);
  const close = () => void navigate({ search: (now) => ({ ...now, model: undefined }), resetScroll: false });
  return (
    <Page title={t('nav.catalog')} lead={t('catalog.lead')}>
      <Filters filter={filter} />
      <Section flush>
        <PagedTable
          list={list}
          label={t('nav.catalog')}
          columns={columns}
          rowKey={nameOf}
          empty={<Empty title={t('catalog.nothingTitle')}>{t('catalog.nothingText')}</Empty>}
        />
      </Section>
      {shown ? <ModelDialog model={shown} today={today} onClose={close} /> : null}
    </Page>
  );
}

function useColumns(today: string): Column<CatalogModel>[] {
  const { t } = useTranslation();
  const dollars = (pick: 'output' | 'cacheRead') => (row: CatalogModel) => {
    const price = priceNow(row, today);
    return <Dollars text={price?.[pick]} />;
  };
  return [
    { key: 'model', head: t('catalog.model'), cell: (row) => <Model row={row} today={today} /> },
    {
      key: 'abilities',
      head: t('catalog.abilitiesHead'),
      wrap: true,
      spare: true,
      cell: (row) => <Abilities model={row} />,
    },
    {
      key: 'context',
      head: t('catalog.context'),
      figure: true,
      spare: true,
      cell: (row) => <Tokens value={row.context} />,
    },
    {
      key: 'most',
      head: t('catalog.most'),
      figure: true,
      spare: true,
      cell: (row) => <Tokens value={row.max_output_tokens} />,
    },
    { key: 'input', head: t('catalog.input'), figure: true, cell: (row) => <Input row={row} today={today} /> },
    { key: 'output', head: t('catalog.output'), figure: true, cell: dollars('output') },
    { key: 'cache', head: t('catalog.cacheRead'), figure: true, cell: dollars('cacheRead') },
  ];
}

interface CellProps {
  row: CatalogModel;
  today: string;
}

/** Its name leads to all that is known of it; below, what it is for, and its end where one is set. */
function Model({ row, today }: CellProps) {
  const { t } = useTranslation();
  const name = nameOf(row);
  const ends = row.deprecated_on;
  return (
    <Two
      below={
        <>
          {row.modality ? t(`catalog.modalities.${row.modality}`) : null}
          {ends ? (
            <span data-ended={ends <= today || undefined}>
              {' · '}
              {t(ends <= today ? 'catalog.ended' : 'catalog.endsOn', { date: ends })}
            </span>
          ) : null}
        </>
      }
    >
      <Link from="/catalog" search={(now) => ({ ...now, model: name })} resetScroll={false} className="name-link">
        <Clip code text={name} />
      </Link>
    </Two>
  );
}

/** The price of input, or of what is billed in the place of tokens. */
function Input({ row, today }: CellProps) {
  const { t } = useTranslation();
  const price = priceNow(row, today);
  if (!price) return <span className="muted">{t('common.unknown')}</span>;
  if (!price.perUnit) return <Dollars text={price.input} />;
  return (
    <Two below={t(`catalog.units.${price.perUnit.unit}`)}>
      <Dollars text={price.perUnit.dollars} />
    </Two>
  );
}

/** Four digits are enough to compare by; all of them are in the hover text, and in the dialogue. */
function Dollars({ text }: { text: string | null | undefined }) {
  if (!text) return '–';
  const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, useGrouping: false }).format(Number(text));
  return <span title={short === text ? undefined : `$${text}`}>${short}</span>;
}

function Two({ children, below }: { children: ReactNode; below: ReactNode }) {
  return (
    <span className={classes.two}>
      <span>{children}</span>
      <span className={classes.below}>{below}</span>
    </span>
  );
}

function Tokens({ value }: { value: number | null | undefined }) {
  return value === null || value === undefined ? '–' : <Count value={value} compact />;
}
