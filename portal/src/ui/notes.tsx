// What went wrong, what is being read, and what went well.
import { Alert, Button, Skeleton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Problem, sentenceOf } from '../api/problem';
import { Icon } from './icons';
import classes from './notes.module.css';

/** A refusal in the server's own words, with the faults that no field of the form has shown. */
export function ErrorNote({ error, retry, shown = [] }: { error: unknown; retry?: () => void; shown?: string[] }) {
  const { t } = useTranslation();
  if (!error) return null;
  const faults = error instanceof Problem ? error.faults.filter((f) => !shown.includes(f.field)) : [];
  return (
    <Alert color="brick" variant="light" icon={<Icon name="warn" />} classNames={{ root: classes.error }} role="alert">
      <p>{sentenceOf(error)}</p>
      {faults.length > 0 ? (
        <ul className={classes.faults}>
          {faults.map((fault) => (
            <li key={`${fault.resource} ${fault.field} ${fault.problem}`}>
              <code>{[fault.resource, fault.field].filter(Boolean).join(' ')}</code> {fault.problem}
            </li>
          ))}
        </ul>
      ) : null}
      {retry ? (
        <Button mt="sm" size="xs" variant="default" onClick={retry}>
          {t('common.retry')}
        </Button>
      ) : null}
    </Alert>
  );
}

export function Loading({ rows = 4 }: { rows?: number }) {
  const { t } = useTranslation();
  const lines = Array.from({ length: rows }, (_, index) => `line-${index}`);
  return (
    <div className={classes.loading} role="status" aria-label={t('common.loading')}>
      {lines.map((line) => (
        <Skeleton key={line} height={16} />
      ))}
    </div>
  );
}

interface LoadedProps<T> {
  query: Pick<UseQueryResult<T>, 'data' | 'error' | 'refetch'>;
  children: (data: T) => ReactNode;
}

/** Shows what a query brought, or that it is under way, or why it failed. */
export function Loaded<T>({ query, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) {
    return (
      <div className={classes.inset}>
        <ErrorNote error={query.error} retry={() => void query.refetch()} />
      </div>
    );
  }
  return <Loading />;
}

export function sayDone(message: string) {
  notifications.show({ message, color: 'moss', icon: <Icon name="check" />, autoClose: 4_000 });
}

export function sayFailed(error: unknown) {
  notifications.show({ message: sentenceOf(error), color: 'brick', icon: <Icon name="warn" />, autoClose: 8_000 });
}
