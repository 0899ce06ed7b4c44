// Every model that Weir knows, of every provider: what it is for, what it can do, what it costs.
import { Select } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCatalog, useCatalogModels } from '../../api/gateway';
import { type CatalogModel, known } from '../../api/types';
import { AddressField } from '../../ui/address-field';
import { Clip } from '../../ui/clip';
import { type Column, DataTable } from '../../ui/data-table';
import { Empty } from '../../ui/empty';
import { Count } from '../../ui/figures';
import { ListFoot } from '../../ui/list-foot';
import { Loaded } from '../../ui/notes';
import { Page, Section } from '../../ui/page';
import { Tag } from '../../ui/status';
import classes from './catalog.module.css';
import { abilities, type CatalogFilter, modalities } from './filter';
import { priceNow } from './price';

export default function CatalogPage() {
  const { t } = useTranslation();
  const filter = useSearch({ from: '/app/catalog' });
  const list = useCatalogModels(filter);
  const columns = useColumns();
  return (
    <Page title={t('nav.catalog')} lead={t('catalog.lead')}>
      <Filters filter={filter} />
      <Section flush>
        <Loaded query={list}>
          {({ pages }) => {
            const rows = pages.flatMap((page) => page.items);
            if (rows.length === 0) return <Empty title={t('catalog.nothingTitle')}>{t('catalog.nothingText')}</Empty>;
            return (
              <>
                <DataTable
                  label={t('nav.catalog')}
                  columns={columns}
                  rows={rows}
                  rowKey={(row) => `${row.provider}/${row.id}`}
                />
                <ListFoot list={list} count={rows.length} />
              </>
            );
          }}
        </Loaded>
      </Section>
    </Page>
  );
}

function Filters({ filter }: { filter: CatalogFilter }) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/catalog' });
  const providers = useCatalog().data ?? [];
  const change = (part: CatalogFilter, replace: boolean) =>
    void navigate({ to: '/catalog', search: (now) => ({ ...now, ...part }), replace });
  return (
    <search className={classes.filters}>
      <AddressField
        search
        label={t('common.search')}
        placeholder={t('catalog.searchHint')}
        value={filter.q}
        onChange={(q) => change({ q }, true)}
      />
      <Select
        label={t('catalog.provider')}
        placeholder={t('requests.any')}
        data={providers.map(({ id, name }) => ({ value: id, label: name || id }))}
        value={filter.provider ?? null}
        onChange={(provider) => change({ provider: provider ?? undefined }, false)}
        searchable
        clearable
        clearButtonProps={{ 'aria-label': t('catalog.anyProvider') }}
        nothingFoundMessage={t('common.nothingFound')}
      />
      <Select
        label={t('catalog.modality')}
        placeholder={t('requests.any')}
        data={modalities.map((value) => ({ value, label: t(`catalog.modalities.${value}`) }))}
        value={filter.modality ?? null}
        onChange={(value) => change({ modality: known(modalities, String(value)) }, false)}
        clearable
        clearButtonProps={{ 'aria-label': t('catalog.anyModality') }}
      />
      <Select
        label={t('catalog.ability')}
        placeholder={t('requests.any')}
        data={abilities.map((value) => ({ value, label: t(`catalog.abilities.${value}`) }))}
        value={filter.ability ?? null}
        onChange={(value) => change({ ability: known(abilities, String(value)) }, false)}
        clearable
        clearButtonProps={{ 'aria-label': t('catalog.anyAbility') }}
      />
    </search>
  );
}

function useColumns(): Column<CatalogModel>[] {
  const { t } = useTranslation();
  const today = new Date().toISOString().slice(0, 10);
  const dollars = (pick: 'input' | 'output' | 'cacheRead') => (row: CatalogModel) => {
    const price = priceNow(row, today);
    if (!price) return <span className="muted">{t('common.unknown')}</span>;
    return price[pick] === null ? '–' : `$${price[pick]}`;
  };
  return [
    { key: 'model', head: t('catalog.model'), cell: (row) => <Clip code text={`${row.provider}/${row.id}`} /> },
    {
      key: 'modality',
      head: t('catalog.modality'),
      cell: (row) => (row.modality ? t(`catalog.modalities.${row.modality}`) : '–'),
    },
    { key: 'abilities', head: t('catalog.abilitiesHead'), wrap: true, cell: (row) => <Abilities model={row} /> },
    { key: 'context', head: t('catalog.context'), figure: true, cell: (row) => <Tokens value={row.context} /> },
    { key: 'most', head: t('catalog.most'), figure: true, cell: (row) => <Tokens value={row.max_output_tokens} /> },
    { key: 'input', head: t('catalog.input'), figure: true, cell: dollars('input') },
    { key: 'output', head: t('catalog.output'), figure: true, cell: dollars('output') },
    { key: 'cache', head: t('catalog.cacheRead'), figure: true, cell: dollars('cacheRead') },
    {
      key: 'more',
      head: t('catalog.more'),
      cell: (row) => (priceNow(row, today)?.more ? t('catalog.moreRates') : ''),
    },
    { key: 'ends', head: t('catalog.ends'), cell: (row) => row.deprecated_on ?? '–' },
  ];
}

function Tokens({ value }: { value: number | null | undefined }) {
  return value === null || value === undefined ? '–' : <Count value={value} compact />;
}

function Abilities({ model }: { model: CatalogModel }) {
  const { t } = useTranslation();
  const shown = abilities.filter((ability) => model.abilities?.includes(ability));
  return (
    <span className={classes.abilities}>
      {shown.map((ability) => (
        <Tag key={ability}>{t(`catalog.abilities.${ability}`)}</Tag>
      ))}
    </span>
  );
}
