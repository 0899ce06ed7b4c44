// Code that runs as it is shown, in the reader's language of choice.
import { Tabs } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { CopyButton } from './copyable';
import classes from './snippet.module.css';

export function Code({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation();
  return (
    <div className={classes.code}>
      <div className={classes.copy}>
        <CopyButton text={text} label={t('common.copy')} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1) */}
      <section tabIndex={0} aria-label={label} className={classes.text}>
        <pre>{text}</pre>
      </section>
    </div>
  );
}

export interface SnippetTab {
  id: string;
  name: string;
  text: string;
}

export function Snippets({ tabs }: { tabs: SnippetTab[] }) {
  return (
    <Tabs defaultValue={tabs[0]?.id ?? ''} keepMounted={false}>
      <Tabs.List>
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.id} value={tab.id}>
            {tab.name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((tab) => (
        <Tabs.Panel key={tab.id} value={tab.id} pt="sm">
          <Code text={tab.text} label={tab.name} />
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
