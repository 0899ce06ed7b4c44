// Home: the checklist that does things until it is done; then what passed through today.
import { Anchor } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useOverview } from '../../api/insights';
import type { Overview } from '../../api/types';
import { Loaded } from '../../ui/notes';
import { Page } from '../../ui/page';
import { Checklist } from './checklist';
import { Numbers } from './numbers';

export default function Home() {
  const { t } = useTranslation();
  const overview = useOverview();
  // A checklist that has just been completed stays in sight until the reader leaves it.
  const [begun, setBegun] = useState(false);
  const done = (o: Overview) => Object.values(o.checklist).every(Boolean);
  return (
    <Loaded query={overview}>
      {(data) =>
        !done(data) || begun ? (
          <Page title={t('home.startTitle')} lead={t('home.startLead')} width="narrow">
            <Checklist overview={data} onBegin={() => setBegun(true)} />
            {done(data) ? (
              <Anchor component="button" type="button" onClick={() => setBegun(false)}>
                {t('home.toNumbers')}
              </Anchor>
            ) : null}
          </Page>
        ) : (
          <Page title={t('nav.home')} lead={t('home.lead')}>
            <Numbers overview={data} />
          </Page>
        )
      }
    </Loaded>
  );
}
