// What the request log is narrowed by. All of it stands in the address.
import { Button, Select } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useModels } from '../../api/gateway';
import { useEvery } from '../../api/resources';
import { known, outcomes } from '../../api/types';
import { AddressField } from '../../ui/address-field';
import { AddressSearch } from '../../ui/address-search';
import { Icon } from '../../ui/icons';
import { filterFields, type RequestFilter, ranges } from './filter';
import classes from './list.module.css';

/** Values that are offered for each field; any other can be typed. */
function useKnown(): Partial<Record<(typeof filterFields)[number], string[]>> {
  const applications = useEvery('applications').data ?? [];
  const providers = useEvery('providers').data ?? [];
  const models = useModels().data ?? [];
  return {
    application: applications.map((a) => a.id),
    provider: providers.map((p) => p.id),
    model: models.map((m) => m.id),
    status: ['error', '4xx', '5xx', '429'],
  };
}

export function Filters({ filter }: { filter: RequestFilter }) {
  const { t } = useTranslation();
  const navigate = useNavigate({ from: '/requests' });
  const values = useKnown();
  const [folded, { toggle }] = useDisclosure(true);
  const narrowed = Object.values(filter).some(Boolean);
  // What is typed replaces its own beginnings in the browser's history; what is chosen is a step that one can go back.
  const change = (part: RequestFilter, replace: boolean) =>
    void navigate({ to: '/requests', search: (now) => ({ ...now, ...part }), replace });
  return (
    <search className={classes.filters} data-folded={folded || undefined}>
      <AddressSearch
        label={t('common.search')}
        placeholder={t('requests.searchHint')}
        value={filter.q}
        onChange={(q) => change({ q }, true)}
      />
      <Button
        variant="default"
        className={classes.fold}
        aria-expanded={!folded}
        onClick={toggle}
        rightSection={<Icon name="down" size={16} />}
      >
        {t('requests.filters', { count: Object.values(filter).filter(Boolean).length })}
      </Button>
      <Select
        label={t('requests.range')}
        placeholder={t('requests.anyTime')}
        data={ranges.map((value) => ({ value, label: t(`requests.ranges.${value}`) }))}
        value={filter.range ?? null}
        onChange={(value) => change({ range: known(ranges, String(value)) }, false)}
        clearable
        clearButtonProps={{ 'aria-label': t('requests.anyTime') }}
      />
      <Select
        label={t('requests.outcome')}
        placeholder={t('requests.any')}
        data={outcomes.map((value) => ({ value, label: t(`requests.outcomes.${value}`) }))}
        value={filter.outcome ?? null}
        onChange={(value) => change({ outcome: value ?? undefined }, false)}
        clearable
        clearButtonProps={{ 'aria-label': t('requests.anyOutcome') }}
      />
      {filterFields.map((field) => (
        <AddressField
          key={field}
          label={t(`requests.fields.${field}`)}
          placeholder={t('requests.any')}
          known={values[field] ?? []}
          value={filter[field]}
          onChange={(value) => change({ [field]: value }, true)}
        />
      ))}
      <Button
        variant="subtle"
        disabled={!narrowed}
        onClick={() => void navigate({ to: '/requests', search: {}, replace: false })}
      >
        {t('requests.clear')}
      </Button>
    </search>
  );
}
