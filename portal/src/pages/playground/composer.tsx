// Where a prompt is written and sent, with its images.
import { Button, Textarea } from '@mantine/core';
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../../ui/icons';
import { AddImages, Images, useImages } from './images';
import classes from './playground.module.css';
import { readTools } from './tools';
import type { Settings, useConversation } from './use-conversation';

interface ComposerProps {
  settings: Settings;
  conversation: ReturnType<typeof useConversation>;
}

export function Composer({ settings, conversation }: ComposerProps) {
  const { t } = useTranslation();
  const [prompt, setPrompt] = useState('');
  const { images, add, paste, remove, clear } = useImages();
  const whole = settings.model !== '' && prompt.trim() !== '' && readTools(settings.tools) !== null;
  const ready = whole && !conversation.running;
  const send = () => {
    if (!ready) return;
    void conversation.send(settings, { prompt: prompt.trim(), images });
    setPrompt('');
    clear();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends a composition (Chinese, Japanese input) is no wish to send.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form onSubmit={submit} className={classes.composer}>
      <Images images={images} onRemove={remove} />
      <AddImages onAdd={(files) => void add(files)} />
      <Textarea
        aria-label={t('playground.prompt')}
        placeholder={t('playground.promptHint')}
        value={prompt}
        onChange={(event) => setPrompt(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={paste}
        autosize
        minRows={2}
        maxRows={10}
        className={classes.prompt}
      />
      {conversation.running ? (
        <Button variant="default" leftSection={<Icon name="stop" size={16} />} onClick={conversation.stop}>
          {t('playground.stop')}
        </Button>
      ) : (
        <Button type="submit" disabled={!ready} rightSection={<Icon name="arrow" size={16} />}>
          {t('playground.send')}
        </Button>
      )}
    </form>
  );
}
