// Ids, addresses and secrets that go to the clipboard with one click.
import { ActionIcon, Button, Tooltip, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { copyText } from './copy';
import classes from './copyable.module.css';
import { Icon } from './icons';

function useCopied(text: string) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (!(await copyText(text))) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 1_500);
  };
  return { copied, copy };
}

/** An id or address in fixed-width letters; a click copies it. */
export function Copyable({ text, label }: { text: string; label?: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopied(text);
  return (
    <Tooltip label={copied ? t('common.copied') : t('common.copy')}>
      <UnstyledButton
        className={classes.copyable}
        onClick={copy}
        aria-label={t('common.copyWhat', { what: label ?? text })}
      >
        <code>{label ?? text}</code>
        <Icon name={copied ? 'check' : 'copy'} size={14} />
      </UnstyledButton>
    </Tooltip>
  );
}

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopied(text);
  return (
    <Tooltip label={copied ? t('common.copied') : label}>
      <ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={label}>
        <Icon name={copied ? 'check' : 'copy'} size={16} />
      </ActionIcon>
    </Tooltip>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  const { copied, copy } = useCopied(text);
  return (
    <Button
      variant="default"
      size="xs"
      onClick={copy}
      leftSection={<Icon name={copied ? 'check' : 'copy'} size={14} />}
    >
      {copied ? t('common.copied') : label}
    </Button>
  );
}

/** A secret that the server shows this once. It lives only in the state of the page that asked for it. */
export function SecretOnce({ secret, label }: { secret: string; label: string }) {
  const { t } = useTranslation();
  return (
    <div className={classes.secret}>
      <div className={classes.secretHead}>
        <strong>{label}</strong>
        <CopyButton text={secret} label={t('common.copy')} />
      </div>
      <code data-testid="secret-once">{secret}</code>
      <p className="small">{t('common.shownOnce')}</p>
    </div>
  );
}
