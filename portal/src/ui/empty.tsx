// What a place without content says: what belongs here, and what to do next.
import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './empty.module.css';

interface EmptyProps {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** A dry weir: the steps stand, no water comes over them yet. */
function DryWeir() {
  return (
    <svg viewBox="0 0 200 72" className={classes.picture} aria-hidden="true" focusable="false">
      <path className={classes.ground} d="M4 26h52v14h44v14h46v12h50" />
      <path
        className={classes.hatch}
        d="M14 26v40M28 26v40M42 26v40M56 40v26M70 40v26M84 40v26M98 40v26M112 54v12M126 54v12M140 54v12"
      />
      <path className={classes.drop} d="M20 14h20M112 44h14M160 59h18" />
    </svg>
  );
}

export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div className={classes.empty}>
      <DryWeir />
      <Title order={2} size="h3">
        {title}
      </Title>
      {children ? <p className={classes.text}>{children}</p> : null}
      {action ? <div className={classes.action}>{action}</div> : null}
    </div>
  );
}
