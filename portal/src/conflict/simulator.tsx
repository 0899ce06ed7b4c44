// Asks which answer a request would get, and shows each step of the way to it with its reason. Nothing is sent upstream.
import { Alert, Autocomplete, Button, Textarea, TextInput } from '@mantine/core';
import { type ClipboardEvent, type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSimulate } from '../api/conflicts';
import { useOffered } from '../api/document';
import { useEvery } from '../api/resources';
import type { SimulationRequest } from '../api/types';
import { Icon } from '../ui/icons';
import { ErrorNote } from '../ui/notes';
import { Bar, Columns, Rows, Section } from '../ui/page';
import { headersOf, readPasted } from './request-text';
import { SimulationStory } from './simulation-story';

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

interface SimulatorProps {
  host?: string | undefined;
  method?: string | undefined;
  path?: string | undefined;
  /** The form beside it holds changes that the gateway does not know yet. */
  unsaved?: boolean;
}

/** `*.example.com` is no host that a request can have. */
const hostOf = (host: string | undefined) => (host ?? '').replace(/^\*/, 'www');

export default function Simulator({ host, method = 'PUT', path = '/', unsaved = false }: SimulatorProps) {
  const { t } = useTranslation();
  const simulate = useSimulate();
  const missing = useOffered('/conflicts/simulate') === false ? t('simulate.notOffered') : undefined;
  const applications = useEvery('applications').data?.map(({ id }) => id) ?? [];
  const [asked, setAsked] = useState({
    host: hostOf(host),
    method,
    path,
    headers: '',
    body: '',
    application: '',
    current: '',
  });
  const field = (name: keyof typeof asked) => ({
    label: t(`simulate.${name}`),
    value: asked[name],
    onChange: (event: { currentTarget: { value: string } }) =>
      setAsked({ ...asked, [name]: event.currentTarget.value }),
  });
  const choice = (name: 'method' | 'application', data: string[]) => ({
    label: t(`simulate.${name}`),
    data,
    value: asked[name],
    onChange: (value: string) => setAsked({ ...asked, [name]: value }),
  });
  // A whole request that is pasted anywhere takes the place of what is there.
  const paste = (event: ClipboardEvent) => {
    const read = readPasted(event.clipboardData.getData('text'));
    if (!read) return;
    event.preventDefault();
    setAsked({ ...asked, ...read });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    simulate.mutate(requestOf(asked));
  };
  return (
    <Section title={t('simulate.title')} lead={t('simulate.lead')}>
      <Rows>
        {unsaved ? (
          <Alert color="amber" variant="light" icon={<Icon name="warn" />}>
            {t('simulate.unsaved')}
          </Alert>
        ) : null}
        <form onSubmit={submit} onPaste={paste} aria-label={t('simulate.title')}>
          <Rows>
            <Columns min="10rem">
              <Autocomplete {...choice('method', methods)} />
              <TextInput {...field('host')} />
            </Columns>
            <TextInput {...field('path')} required />
            <Textarea {...field('headers')} description={t('simulate.headersHint')} rows={3} spellCheck={false} />
            <Textarea {...field('body')} rows={3} spellCheck={false} />
            <Columns min="10rem">
              <Autocomplete {...choice('application', applications)} />
              <TextInput {...field('current')} description={t('simulate.currentHint')} />
            </Columns>
            <Bar end>
              {missing ? <span className="muted small">{missing}</span> : null}
              <Button
                type="submit"
                loading={simulate.isPending}
                disabled={Boolean(missing)}
                title={missing}
                leftSection={<Icon name="playground" size={16} />}
              >
                {t('simulate.run')}
              </Button>
            </Bar>
          </Rows>
        </form>
        <ErrorNote error={simulate.error} />
        {simulate.data ? <SimulationStory simulation={simulate.data} /> : null}
      </Rows>
    </Section>
  );
}

type Asked = Record<'host' | 'method' | 'path' | 'headers' | 'body' | 'application' | 'current', string>;

/** What is left empty is not said. */
function requestOf({ host, method, path, headers, body, application, current }: Asked): SimulationRequest {
  return {
    ...(host.trim() ? { host: host.trim() } : {}),
    method: method.trim().toUpperCase(),
    path: path.trim(),
    headers: headersOf(headers),
    ...(body ? { body } : {}),
    ...(application.trim() ? { application: application.trim() } : {}),
    ...(current.trim() ? { current: current.trim() } : {}),
  };
}
