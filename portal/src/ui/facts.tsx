// Facts by their name: as two columns of text, or as figures side by side.
import type { ReactNode } from 'react';
import classes from './facts.module.css';

/** Names at the left, what is known at the right; of `Fact`s. */
export const FactList = ({ children }: { children: ReactNode }) => <dl className={classes.facts}>{children}</dl>;

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Figures that wrap, each below its name; of `Figure`s. */
export const Figures = ({ children }: { children: ReactNode }) => <dl className={classes.figures}>{children}</dl>;

export function Figure({ name, testId, children }: { name: string; testId?: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{children}</dd>
    </div>
  );
}
