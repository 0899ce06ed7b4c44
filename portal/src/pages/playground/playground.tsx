// The playground: any model, with its parameters; streaming; what each answer took; the same call as code.
import { Button, Modal } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChatModels } from '../../api/gateway';
import { CallSnippets } from '../../ui/call-snippets';
import { Empty } from '../../ui/empty';
import { Icon } from '../../ui/icons';
import { Bar, Page, Rows, Section } from '../../ui/page';
import { ChatSettings } from './chat-settings';
import { Composer } from './composer';
import classes from './playground.module.css';
import { TurnView } from './turn';
import { chatRequest, type Settings, type Turn, useConversation } from './use-conversation';

/** Pixels that a new piece of text may add below what the reader sees. */
const nearTheEnd = 120;
const start: Settings = {
  model: '',
  against: [],
  system: '',
  stream: true,
  temperature: '',
  topP: '',
  maxTokens: '',
  tools: '',
};

export default function Playground() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const wanted = useSearch({ from: '/app/playground' }).model;
  const chats = useChatModels().data ?? [];
  const [stored, setSettings] = useState(start);
  const settings = { ...stored, model: wanted ?? chats[0]?.id ?? '' };
  const conversation = useConversation();
  const turns = useBottom(conversation.turns);
  const [code, { open: openCode, close: closeCode }] = useDisclosure(false);
  const change = (next: Settings) => {
    setSettings(next);
    if (next.model !== settings.model)
      void navigate({ to: '/playground', search: { model: next.model }, replace: true });
  };
  const actions = (
    <Bar>
      <Button
        variant="default"
        leftSection={<Icon name="code" size={16} />}
        onClick={openCode}
        disabled={!settings.model}
      >
        {t('playground.viewCode')}
      </Button>
      <Button
        variant="default"
        onClick={conversation.clear}
        disabled={conversation.turns.length === 0 || conversation.running}
      >
        {t('playground.clear')}
      </Button>
    </Bar>
  );
  return (
    <Page title={t('nav.playground')} lead={t('playground.lead')} actions={actions}>
      <div className={classes.layout}>
        <section className={classes.talk} aria-label={t('playground.conversation')}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
          <div className={classes.turns} role="log" aria-label={t('playground.answers')} tabIndex={0} ref={turns}>
            {conversation.turns.length === 0 ? (
              <Empty title={t('playground.emptyTitle')}>{t('playground.emptyText')}</Empty>
            ) : (
              conversation.turns.map((turn) => <TurnView key={turn.id} turn={turn} />)
            )}
          </div>
          <Composer settings={settings} conversation={conversation} />
        </section>
        <Section title={t('playground.settings')}>
          <ChatSettings settings={settings} models={chats} onChange={change} />
        </Section>
      </div>
      <Modal
        opened={code}
        onClose={closeCode}
        size="lg"
        title={t('playground.viewCode')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <Rows gap="sm">
          <p className="muted small">{t('playground.codeLead')}</p>
          <CallSnippets
            apiKey={null}
            body={chatRequest({ ...settings, stream: false }, settings.model, [], {
              prompt: t('snippet.prompt'),
              images: [],
            })}
          />
        </Rows>
      </Modal>
    </Page>
  );
}

/** Keeps the end of the conversation in sight while it grows, unless the reader has scrolled up. */
function useBottom(turns: Turn[]) {
  const box = useRef<HTMLDivElement>(null);
  const prompts = useRef(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const distance = element.scrollHeight - element.scrollTop - element.clientHeight;
    const asked = turns.length > prompts.current;
    prompts.current = turns.length;
    if (asked || distance < nearTheEnd) element.scrollTop = element.scrollHeight;
  }, [turns]);
  return box;
}
