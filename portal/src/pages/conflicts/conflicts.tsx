// What clashes at this moment: what conflict policies hold, which requests they refused, and what one would get.
import { SegmentedControl, Tabs } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useEvery } from '../../api/resources';
import { heldKinds, known } from '../../api/types';
import { AddressField } from '../../ui/address-field';
import { Loading } from '../../ui/notes';
import { Columns, Page, Rows } from '../../ui/page';
import { type Range, ranges } from '../requests/filter';
import { HeldList } from './held';
import { type ConflictTab, type ConflictView, conflictTabs } from './view';

const Answers = lazy(() => import('./answers'));
const Simulator = lazy(() => import('../../conflict/simulator'));

export default function Conflicts() {
  const { t } = useTranslation();
  const view = useSearch({ from: '/app/conflicts' });
  const navigate = useNavigate();
  const { show = 'locks', team, store, range = '24h' } = view;
  const change = (part: ConflictView, replace: boolean) =>
    void navigate({ to: '/conflicts', search: { ...view, ...part }, replace, resetScroll: false });
  return (
    <Page title={t('nav.conflicts')} lead={t('conflicts.lead')}>
      <Tabs value={show} onChange={(next) => change({ show: next as ConflictTab }, false)} keepMounted={false}>
        <Tabs.List>
          {conflictTabs.map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {t(`conflicts.tabs.${tab}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {conflictTabs.map((tab) => (
          <Tabs.Panel key={tab} value={tab} pt="md">
            <Rows>
              {tab === 'simulate' ? null : <Filters view={view} onChange={change} />}
              {tab === 'answers' ? (
                <SegmentedControl
                  aria-label={t('requests.range')}
                  value={range}
                  onChange={(next) => change({ range: next as Range }, false)}
                  data={ranges.map((value) => ({ value, label: t(`requests.ranges.${value}`) }))}
                />
              ) : null}
              <Suspense fallback={<Loading />}>
                {tab === 'answers' ? <Answers range={range} team={team} /> : null}
                {tab === 'simulate' ? <Simulator /> : null}
              </Suspense>
              <Held tab={tab} team={team} store={store} />
            </Rows>
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

function Held({ tab, team, store }: { tab: ConflictTab; team: string | undefined; store: string | undefined }) {
  const kind = known(heldKinds, tab);
  return kind ? <HeldList kind={kind} filter={{ team, store }} /> : null;
}

interface FiltersProps {
  view: ConflictView;
  onChange: (part: ConflictView, replace: boolean) => void;
}

function Filters({ view, onChange }: FiltersProps) {
  const { t } = useTranslation();
  const teams = useEvery('teams').data?.map(({ id }) => id) ?? [];
  const stores = useEvery('conflict-stores').data?.map(({ id }) => id) ?? [];
  return (
    <search>
      <Columns>
        <AddressField
          label={t('common.team')}
          placeholder={t('requests.any')}
          known={teams}
          value={view.team}
          onChange={(team) => onChange({ team }, true)}
        />
        {view.show === 'answers' ? null : (
          <AddressField
            label={t('conflicts.store')}
            placeholder={t('requests.any')}
            known={stores}
            value={view.store}
            onChange={(store) => onChange({ store }, true)}
          />
        )}
      </Columns>
    </search>
  );
}
