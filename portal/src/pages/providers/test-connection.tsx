// *Test connection*: one real request, and what came of it.
import { Alert, Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useTestProvider } from '../../api/gateway';
import { Icon } from '../../ui/icons';
import { ErrorNote } from '../../ui/notes';
import classes from './test-connection.module.css';

interface TestConnectionProps {
  id: string;
  /** Why it cannot be tested now, such as unsaved changes. */
  disabledReason?: string | undefined;
  onTested?: (ok: boolean) => void;
}

/** The server's sentences begin small, since they stand within others elsewhere. */
const asSentence = (text: string) =>
  text.charAt(0).toLocaleUpperCase() + text.slice(1) + (/[.!)]$/.test(text) ? '' : '.');

export function TestConnection({ id, disabledReason, onTested }: TestConnectionProps) {
  const { t } = useTranslation();
  const test = useTestProvider();
  const run = () => test.mutate(id, { onSuccess: (result) => onTested?.(result.ok) });
  const result = test.data;
  return (
    <div className={classes.test}>
      <Button
        variant="default"
        loading={test.isPending}
        disabled={Boolean(disabledReason)}
        title={disabledReason}
        onClick={run}
      >
        {t('providers.test')}
      </Button>
      <div aria-live="polite" className={classes.result}>
        {result ? (
          <Alert
            variant="light"
            color={result.ok ? 'moss' : 'brick'}
            icon={<Icon name={result.ok ? 'check' : 'warn'} />}
            classNames={{ root: result.ok ? classes.good : classes.bad }}
          >
            <p>
              {result.ok ? t('providers.testOk', { ms: Math.round(result.latency_ms) }) : t('providers.testFailed')}{' '}
              {asSentence(result.message)}
            </p>
            {result.ok && result.models.length > 0 ? (
              <p className="small">
                {t('providers.testModels', { count: result.models.length })}{' '}
                <code>{result.models.slice(0, 8).join(', ')}</code>
                {result.models.length > 8 ? ' …' : ''}
              </p>
            ) : null}
          </Alert>
        ) : null}
        <ErrorNote error={test.error} />
      </div>
    </div>
  );
}
