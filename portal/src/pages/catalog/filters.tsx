// What the catalogue is narrowed by. All of it stands in the address.
import { Select } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useCatalog } from '../../api/gateway';
import { known } from '../../api/types';
import { AddressSearch } from '../../ui/address-search';
import classes from './catalog.module.css';
import { abilities, type CatalogFilter, modalities } from './filter';

export function Filters({ filter }: { filter: CatalogFilter }) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/catalog' });
  const providers = useCatalog().data ?? [];
  const change = (part: CatalogFilter, replace: boolean) =>
    void navigate({ to: '/catalog', search: (now) => ({ ...now, ...part }), replace });
  return (
    <search className={classes.filters}>
      <AddressSearch
        label={t('common.search')}
        placeholder={t('catalog.searchHint')}
        value={filter.q}
        onChange={(q) => change({ q }, true)}
      />
      <Choice
        label={t('catalog.provider')}
        any={t('catalog.anyProvider')}
        data={providers.map(({ id, name }) => ({ value: id, label: name || id }))}
        value={filter.provider}
        onChange={(provider) => change({ provider }, false)}
        searchable
      />
      <Choice
        label={t('catalog.modality')}
        any={t('catalog.anyModality')}
        data={modalities.map((value) => ({ value, label: t(`catalog.modalities.${value}`) }))}
        value={filter.modality}
        onChange={(value) => change({ modality: known(modalities, value ?? '') }, false)}
      />
      <Choice
        label={t('catalog.ability')}
        any={t('catalog.anyAbility')}
        data={abilities.map((value) => ({ value, label: t(`catalog.abilities.${value}`) }))}
        value={filter.ability}
        onChange={(value) => change({ ability: known(abilities, value ?? '') }, false)}
      />
    </search>
  );
}

interface ChoiceProps {
  label: string;
  /** What no choice means. */
  any: string;
  data: { value: string; label: string }[];
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  searchable?: boolean;
}

function Choice({ any, value, onChange, ...rest }: ChoiceProps) {
  const { t } = useTranslation();
  return (
    <Select
      {...rest}
      placeholder={any}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      clearable
      clearButtonProps={{ 'aria-label': any }}
      nothingFoundMessage={t('common.nothingFound')}
    />
  );
}
