// Priorities one below the other, each with a line that names it: the picture of a form and the one of this moment.
import type { ReactNode } from 'react';
import classes from './levels.module.css';

export const Levels = ({ children }: { children: ReactNode }) => <ol className={classes.levels}>{children}</ol>;

interface LevelProps {
  name: string;
  /** More of it, in smaller letters. */
  note?: string;
  children: ReactNode;
}

export function Level({ name, note, children }: LevelProps) {
  return (
    <li>
      <span className={classes.name}>{name}</span> {note ? <span className="muted small">{note}</span> : null}
      {children}
    </li>
  );
}
