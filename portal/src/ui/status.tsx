// States as a word with a mark of their own shape, so that colour never says it alone.
import classes from './status.module.css';

export type Tone = 'good' | 'warn' | 'bad' | 'idle';

const marks: Record<Tone, string> = {
  good: 'M2 6.5 5 9.5 10 3.5',
  warn: 'M6 2v5M6 10v.01',
  bad: 'M3 3l6 6M9 3 3 9',
  idle: 'M3 6h6',
};

export function Status({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={classes.status} data-tone={tone}>
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false">
        <path d={marks[tone]} fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" />
      </svg>
      {children}
    </span>
  );
}

/** A short neutral word beside a name, such as a protocol. */
export function Tag({ children, title }: { children: string; title?: string }) {
  return (
    <span className={classes.tag} title={title}>
      {children}
    </span>
  );
}
