// Step 3: an application and its key, made in one go.

import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMakeKey } from '../../api/gateway';
import { useCreate } from '../../api/resources';
import type { MadeKey } from '../../api/types';
import { ButtonLink } from '../../ui/button-link';
import { SecretOnce } from '../../ui/copyable';
import { ErrorNote } from '../../ui/notes';
import { Bar, Rows } from '../../ui/page';
import { idFromName } from '../applications/values';

interface KeyStepProps {
  done: boolean;
  /** The step to do now: its button leads. */
  current: boolean;
  made: MadeKey | null;
  onMade: (made: MadeKey) => void;
}

export function KeyStep({ done, current, made, onMade }: KeyStepProps) {
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
  return <KeyForm current={current} onMade={onMade} />;
}

function KeyForm({ current, onMade }: { current: boolean; onMade: (made: MadeKey) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const createApplication = useCreate('applications');
  const makeKey = useMakeKey();
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
      onMade(
        await makeKey.mutateAsync({
          application: application.data.id,
          name: t('home.key.firstKey'),
          expires_at: null,
          models: null,
        }),
      );
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Rows gap="sm">
        <p className="muted">{t('home.key.text')}</p>
        <Bar>
          <TextInput
            aria-label={t('home.key.name')}
            placeholder={t('home.key.nameHint')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" variant={current ? 'filled' : 'default'} loading={busy}>
            {t('home.key.make')}
          </Button>
        </Bar>
        <ErrorNote error={error} />
      </Rows>
    </form>
  );
}
