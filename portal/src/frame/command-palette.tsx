// ⌘K: any page by a few letters of its name.
import { Modal, TextInput, UnstyledButton } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icons';
import classes from './command-palette.module.css';
import { navigation } from './nav';

function useCommands(query: string) {
  const { t } = useTranslation();
  const pages = navigation.flatMap(({ items }) =>
    items.map((i) => ({ to: i.to, icon: i.icon, label: t(`nav.${i.label}`) })),
  );
  const making = [
    { to: '/providers/new', icon: 'plus', label: t('providers.add') },
    { to: '/model-routes/new', icon: 'plus', label: t('routes.add') },
    { to: '/applications/new', icon: 'plus', label: t('apps.add') },
  ] as const;
  const wanted = query.trim().toLocaleLowerCase();
  return [...pages, ...making].filter((c) => c.label.toLocaleLowerCase().includes(wanted));
}

export default function CommandPalette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const commands = useCommands(query);
  const close = () => {
    setQuery('');
    setActive(0);
    onClose();
  };
  const go = (to: (typeof commands)[number]['to']) => {
    close();
    void navigate({ to });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && commands.length > 0) {
      event.preventDefault();
      setActive((active + step + commands.length) % commands.length);
    }
    const chosen = commands[active];
    if (event.key === 'Enter' && chosen) go(chosen.to);
  };
  return (
    <Modal opened={opened} onClose={close} withCloseButton={false} padding="sm" centered={false} title={t('nav.goTo')}>
      <TextInput
        data-autofocus
        aria-label={t('nav.goTo')}
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={commands[active] ? `command-${active}` : undefined}
        placeholder={t('nav.goToHint')}
        leftSection={<Icon name="search" size={16} />}
        value={query}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setQuery(event.currentTarget.value);
          setActive(0);
        }}
      />
      <div id="commands" role="listbox" aria-label={t('nav.goTo')} className={classes.list}>
        {commands.map((command, index) => (
          <UnstyledButton
            key={command.to}
            id={`command-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className={classes.command}
            onClick={() => go(command.to)}
          >
            <Icon name={command.icon} />
            {command.label}
          </UnstyledButton>
        ))}
        {commands.length === 0 ? <p className="muted">{t('common.nothingFound')}</p> : null}
      </div>
    </Modal>
  );
}
