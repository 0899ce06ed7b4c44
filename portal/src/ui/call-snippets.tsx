// A call with the real address, model and (where it was just made) key, ready to run.
import { useTranslation } from 'react-i18next';
import { useChatModels, useSystem } from '../api/gateway';
import { Snippets } from './snippet';
import {
  type Call,
  type ChatBody,
  curlSnippet,
  firstAllowed,
  nodeSnippet,
  pythonSnippet,
  reachable,
} from './snippet-text';

export function CallSnippets({ apiKey, body }: { apiKey: string | null; body: ChatBody }) {
  const system = useSystem();
  if (!system.data) return null;
  // The playground streams or not; a snippet is read whole.
  const { model, messages, temperature, top_p, max_tokens, tools } = body;
  const call: Call = {
    gateway: reachable(system.data.gateway_url, window.location.hostname),
    apiKey,
    body: { model, messages, temperature, top_p, max_tokens, tools },
  };
  return (
    <Snippets
      tabs={[
        { id: 'curl', name: 'curl', text: curlSnippet(call) },
        { id: 'python', name: 'Python', text: pythonSnippet(call) },
        { id: 'node', name: 'Node', text: nodeSnippet(call) },
      ]}
    />
  );
}

/** The first call of a key: a model that it may call, a short prompt. */
export function FirstCall({ apiKey, allowed }: { apiKey: string; allowed: string[] }) {
  const { t } = useTranslation();
  const models = useChatModels();
  if (!models.data) return null;
  const model = firstAllowed(
    allowed,
    models.data.map((m) => m.id),
  );
  if (!model) return <p className="muted">{t('snippet.nothingAllowed')}</p>;
  return <CallSnippets apiKey={apiKey} body={{ model, messages: [{ role: 'user', content: t('snippet.prompt') }] }} />;
}
