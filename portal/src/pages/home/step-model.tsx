// Step 2: a first call of a model, in the playground.

import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ButtonLink } from '../../ui/button-link';
import { Bar } from '../../ui/page';

export function ModelStep({ done, ready }: { done: boolean; ready: boolean }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="muted">{t(done ? 'home.model.doneText' : 'home.model.text')}</p>
      <Bar>
        {ready ? (
          <ButtonLink to="/playground" variant={done ? 'default' : 'filled'}>
            {t('home.model.open')}
          </ButtonLink>
        ) : (
          <Button disabled title={t('home.needsProvider')}>
            {t('home.model.open')}
          </Button>
        )}
      </Bar>
    </>
  );
}
