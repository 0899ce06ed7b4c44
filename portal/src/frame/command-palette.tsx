// ⌘K: any page or resource by a few letters of its name.
import { Modal, TextInput, UnstyledButton } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Clip } from '../ui/clip';
import { Icon } from '../ui/icons';
import classes from './command-palette.module.css';
import { type Command, useCommands } from './commands';

export default function CommandPalette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const [active, setActive] = useState(0);
  const commands = useCommands(query);
  const close = () => {
    setQuery('');
    setActive(0);
    onClose();
  };
  const go = (command: Command) => {
    close();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && commands.length > 0) {
      event.preventDefault();
      setActive((active + step + commands.length) % commands.length);
    }
    const chosen = commands[active];
    if (event.key === 'Enter' && chosen) go(chosen);
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
            key={command.key}
            id={`command-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className={classes.command}
            onClick={() => go(command)}
          >
            <Icon name={command.icon} />
            <Clip text={command.label} />
            {command.hint ? <span className={classes.hint}>{command.hint}</span> : null}
          </UnstyledButton>
        ))}
        {commands.length === 0 ? <p className="muted">{t('common.nothingFound')}</p> : null}
      </div>
    </Modal>
  );
}
