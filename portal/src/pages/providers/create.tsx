// A new provider: chosen from the catalogue, then filled in.
import { TextInput, UnstyledButton } from '@mantine/core';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCatalog } from '../../api/gateway';
import type { CatalogProvider } from '../../api/types';
import { NewResource } from '../../resources/new-resource';
import { Icon } from '../../ui/icons';
import { Loaded } from '../../ui/notes';
import { Page, Rows } from '../../ui/page';
import { Tag } from '../../ui/status';
import classes from './create.module.css';
import { ProviderFields } from './fields';
import { type ProviderValues, providerFaults, providerSpec, providerValues } from './values';

const custom: CatalogProvider = { id: '', name: '', protocol: 'openai', base_url: '', model_ids: [] };

export default function CreateProvider() {
  const { t } = useTranslation();
  const { from } = useSearch({ from: '/app/providers/new' });
  const catalog = useCatalog();
  const back = from ? (
    <Link to="/providers/new">{t('providers.catalog')}</Link>
  ) : (
    <Link to="/providers">{t('nav.providers')}</Link>
  );
  return (
    <Page title={t('providers.add')} lead={from ? undefined : t('providers.catalogLead')} width="narrow" above={back}>
      <Loaded query={catalog}>
        {(entries) => {
          if (!from) return <Catalog entries={entries} />;
          const entry = from === 'custom' ? custom : (entries.find((e) => e.id === from) ?? custom);
          return <NewProvider key={from} entry={entry} />;
        }}
      </Loaded>
    </Page>
  );
}

function Catalog({ entries }: { entries: CatalogProvider[] }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const wanted = query.trim().toLocaleLowerCase();
  const byName = entries.toSorted((a, b) => a.name.localeCompare(b.name));
  const found = byName.filter((e) => `${e.id} ${e.name}`.toLocaleLowerCase().includes(wanted));
  const choose = (from: string) => void navigate({ to: '/providers/new', search: { from } });
  return (
    <Rows>
      <TextInput
        aria-label={t('providers.searchCatalog')}
        placeholder={t('providers.searchCatalog')}
        leftSection={<Icon name="search" size={16} />}
        value={query}
        onChange={(event) => setQuery(event.currentTarget.value)}
      />
      <div className={classes.grid}>
        {found.map((entry) => (
          <UnstyledButton key={entry.id} className={classes.card} onClick={() => choose(entry.id)}>
            <strong>{entry.name}</strong>
            <span className="muted small">
              {entry.base_url || t(entry.protocol === 'demo' ? 'providers.builtIn' : 'providers.ownAddress')}
            </span>
            <span>
              <Tag>{entry.protocol}</Tag>
            </span>
          </UnstyledButton>
        ))}
        <UnstyledButton className={classes.card} data-other onClick={() => choose('custom')}>
          <strong>{t('providers.other')}</strong>
          <span className="muted small">{t('providers.otherHint')}</span>
        </UnstyledButton>
      </div>
    </Rows>
  );
}

/** By its own protocol and address a vendor is known; through others its models and prices still hold, if it is named. */
const isItself = (values: ProviderValues, entry: CatalogProvider) =>
  values.protocol === entry.protocol && values.base_url.trim() === (entry.base_url ?? '');

function NewProvider({ entry }: { entry: CatalogProvider }) {
  const start: ProviderValues = {
    ...providerValues({ protocol: entry.protocol, name: entry.name, base_url: entry.base_url }, entry.id),
    keys: entry.protocol === 'demo' ? [] : [{ id: 'main', secret: '', weight: 1, priority: 0 }],
    // A local server lies at a private address by its nature.
    allow_private_address: /^http:\/\/(127\.|localhost)/.test(entry.base_url ?? ''),
  };
  if (start.allow_private_address) start.keys = [];
  return (
    <NewResource
      collection="providers"
      start={start}
      toSpec={(values) => providerSpec({ ...values, catalog: isItself(values, entry) ? '' : entry.id })}
      faults={providerFaults}
      fields={(editor) => <ProviderFields form={editor.form} isNew keyEnv={entry.key_env ?? undefined} />}
    />
  );
}
