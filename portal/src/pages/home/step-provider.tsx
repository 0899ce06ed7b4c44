// Step 1: a provider, the demo or a vendor's, tested on the spot.

import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Problem } from '../../api/problem';
import { useCreate, useEvery } from '../../api/resources';
import { ButtonLink } from '../../ui/button-link';
import { sayFailed } from '../../ui/notes';
import { Bar, Rows } from '../../ui/page';
import { Tag } from '../../ui/status';
import { TestConnection } from '../providers/test-connection';

export function ProviderStep({ done, onBegin }: { done: boolean; onBegin: () => void }) {
  const { t } = useTranslation();
  const providers = useEvery('providers').data ?? [];
  const create = useCreate('providers');
  const first = providers[0];
  const addDemo = () => {
    onBegin();
    create.mutate(
      { id: 'demo', spec: { name: 'Demo', protocol: 'demo' } },
      // Somebody else was quicker: it is there, which is what was wanted.
      { onError: (error) => (error instanceof Problem && error.status === 409 ? undefined : sayFailed(error)) },
    );
  };
  if (!done) {
    return (
      <>
        <p className="muted">{t('home.provider.text')}</p>
        <Bar>
          <Button onClick={addDemo} loading={create.isPending}>
            {t('home.provider.useDemo')}
          </Button>
          <ButtonLink to="/providers/new" variant="default">
            {t('home.provider.add')}
          </ButtonLink>
        </Bar>
      </>
    );
  }
  return (
    <Rows gap="sm">
      {first ? (
        <>
          <p>
            <Link to="/providers/$id" params={{ id: first.id }}>
              {first.spec.name || first.id}
            </Link>{' '}
            <Tag>{first.spec.protocol ?? first.spec.catalog ?? ''}</Tag>
            {providers.length > 1 ? (
              <span className="muted"> {t('home.provider.more', { count: providers.length - 1 })}</span>
            ) : null}
          </p>
          <TestConnection id={first.id} />
        </>
      ) : null}
    </Rows>
  );
}
