// Step 4: a call from outside, with a snippet that runs as it is shown; the page sees it arrive.
import { Loader } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useChatModels } from '../../api/gateway';
import type { MadeKey } from '../../api/types';
import { CallSnippets, FirstCall } from '../../ui/call-snippets';
import { Bar } from '../../ui/page';

interface CallStepProps {
  done: boolean;
  ready: boolean;
  made: MadeKey | null;
}

export function CallStep({ done, ready, made }: CallStepProps) {
  const { t } = useTranslation();
  const model = useChatModels().data?.[0]?.id;
  if (!ready && !made) return <p className="muted">{t('home.call.text')}</p>;
  return (
    <>
      <p className="muted">{t(made ? 'home.call.ready' : 'home.call.readyNoKey')}</p>
      {made ? (
        <FirstCall apiKey={made.key} allowed={made.api_key.spec.models ?? ['*']} />
      ) : model ? (
        <CallSnippets apiKey={null} body={{ model, messages: [{ role: 'user', content: t('snippet.prompt') }] }} />
      ) : null}
      <Bar>
        {done ? (
          <span role="status">
            {t('home.call.seen')} <Link to="/requests">{t('home.call.look')}</Link>
          </span>
        ) : (
          <>
            <Loader size="xs" aria-hidden="true" />
            <span className="muted" role="status">
              {t('home.call.waiting')}
            </span>
          </>
        )}
      </Bar>
    </>
  );
}
