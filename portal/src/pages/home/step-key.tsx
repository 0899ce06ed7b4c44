// Step 3: an application and its key, made in one go.

import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MadeKey } from '../../api/gateway';
import { call, idempotencyKey } from '../../api/http';
import { queryClient } from '../../api/query-client';
import { useCreate } from '../../api/resources';
import { ButtonLink } from '../../ui/button-link';
import { SecretOnce } from '../../ui/copyable';
import { ErrorNote } from '../../ui/notes';
import { Bar } from '../../ui/page';
import { idFromName } from '../applications/values';

interface KeyStepProps {
  done: boolean;
  made: MadeKey | null;
  onMade: (made: MadeKey) => void;
}

export function KeyStep({ done, made, onMade }: KeyStepProps) {
  const { t } = useTranslation();
  if (made) return <SecretOnce secret={made.key} label={t('apps.theKey')} />;
  if (done) {
    return (
      <>
        <p className="muted">{t('home.key.doneText')}</p>
        <Bar>
          <ButtonLink to="/applications" variant="default">
            {t('nav.applications')}
          </ButtonLink>
        </Bar>
      </>
    );
  }
  return <KeyForm onMade={onMade} />;
}

function KeyForm({ onMade }: { onMade: (made: MadeKey) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const createApplication = useCreate('applications');
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const id = idFromName(name) || 'first-application';
      const application = await createApplication.mutateAsync({
        id,
        spec: { name: name || id, models: ['*'], services: ['*'] },
      });
      const made = await call<MadeKey>('POST', `/applications/${encodeURIComponent(application.data.id)}/keys`, {
        body: { name: t('home.key.firstKey') },
        headers: { 'idempotency-key': idempotencyKey() },
      });
      onMade(made.data);
      void queryClient.invalidateQueries({ queryKey: ['overview'] });
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <p className="muted">{t('home.key.text')}</p>
      <Bar>
        <TextInput
          aria-label={t('home.key.name')}
          placeholder={t('home.key.nameHint')}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" loading={busy}>
          {t('home.key.make')}
        </Button>
      </Bar>
      <ErrorNote error={error} />
    </form>
  );
}
