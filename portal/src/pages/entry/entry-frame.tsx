// The two pages that come before everything else: water over steps, and one form.
import { Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { Preferences } from '../../frame/preferences';
import { Wordmark } from '../../ui/logo';
import classes from './entry-frame.module.css';

interface EntryFrameProps {
  title: string;
  lead: string;
  children: ReactNode;
}

function Water() {
  const lines = [0, 1, 2, 3, 4];
  return (
    <svg
      viewBox="0 0 600 800"
      preserveAspectRatio="xMidYMid slice"
      className={classes.water}
      aria-hidden="true"
      focusable="false"
    >
      <path className={classes.bed} d="M-10 330h190v130h160v130h140v130h140v90H-10z" />
      {lines.map((line) => (
        <path
          key={line}
          className={classes.flow}
          data-line={line}
          transform={`translate(0 ${-line * 34})`}
          d="M-10 300h150c90 0 50 130 130 130h30c90 0 50 130 130 130h20c90 0 50 130 130 130h60"
        />
      ))}
    </svg>
  );
}

export function EntryFrame({ title, lead, children }: EntryFrameProps) {
  useEffect(() => {
    document.title = `${title} · Weir`;
  }, [title]);
  return (
    <div className={classes.frame}>
      <Water />
      <main className={classes.panel}>
        <div className={classes.top}>
          <Wordmark />
          <Preferences />
        </div>
        <div className={classes.content}>
          <Title order={1}>{title}</Title>
          <p className={classes.lead}>{lead}</p>
          {children}
        </div>
      </main>
    </div>
  );
}
