// A page: its title, one sentence about it, its actions, and sections below.
import { Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import classes from './page.module.css';

interface PageProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Where it lies, such as a link back to the list. */
  above?: ReactNode;
  /** `narrow` for reading and deciding, `wide` for comparing. */
  width?: 'narrow' | 'wide';
  children: ReactNode;
}

export function Page({ title, lead, actions, above, width = 'wide', children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Weir`;
  }, [title]);
  return (
    <div className={classes.page} data-width={width}>
      <header className={classes.head}>
        <div className={classes.headText}>
          {above ? <div className={classes.above}>{above}</div> : null}
          <Title order={1}>{title}</Title>
          {lead ? <p className={classes.lead}>{lead}</p> : null}
        </div>
        {actions ? <div className={classes.actions}>{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

interface SectionProps {
  title?: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Without padding, for tables that reach the edges. */
  flush?: boolean;
  children: ReactNode;
}

export function Section({ title, lead, actions, flush = false, children }: SectionProps) {
  return (
    <section className={classes.section}>
      {title || actions ? (
        <header className={classes.sectionHead}>
          <div>
            {title ? <Title order={2}>{title}</Title> : null}
            {lead ? <p className={classes.sectionLead}>{lead}</p> : null}
          </div>
          {actions ? <div className={classes.actions}>{actions}</div> : null}
        </header>
      ) : null}
      <div className={flush ? classes.flush : classes.body}>{children}</div>
    </section>
  );
}

/** Fields side by side where there is room for them. */
export function Columns({ children, min = '14rem' }: { children: ReactNode; min?: '10rem' | '14rem' | '20rem' }) {
  return (
    <div className={classes.columns} data-min={min}>
      {children}
    </div>
  );
}

/** Things one below the other, at the distance of a form's fields. */
export function Rows({ children, gap = 'md' }: { children: ReactNode; gap?: 'sm' | 'md' | 'lg' }) {
  return (
    <div className={classes.rows} data-gap={gap}>
      {children}
    </div>
  );
}

/** Buttons in a line that wraps. */
export function Bar({ children, end = false }: { children: ReactNode; end?: boolean }) {
  return (
    <div className={classes.bar} data-end={end || undefined}>
      {children}
    </div>
  );
}
