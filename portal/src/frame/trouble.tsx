// An address that leads nowhere, and a page that failed.
import { Button } from '@mantine/core';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isMissingPart } from '../api/problem';
import { Empty } from '../ui/empty';
import { Wordmark } from '../ui/logo';
import { ErrorNote } from '../ui/notes';
import { Page } from '../ui/page';

export function PageMissing() {
  const { t } = useTranslation();
  return (
    <main>
      <Page title={t('trouble.missingTitle')} width="narrow" above={<Wordmark />}>
        <Empty title={t('trouble.missingText')} action={<Link to="/">{t('trouble.toHome')}</Link>} />
      </Page>
    </main>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  const { t } = useTranslation();
  const router = useRouter();
  const again = async () => {
    // A part of the portal that did not load is not asked for again by the browser before a reload.
    if (isMissingPart(error)) return window.location.reload();
    await router.invalidate();
    reset();
  };
  return (
    <Page title={t('trouble.failedTitle')} width="narrow">
      <ErrorNote error={error} />
      <div>
        <Button variant="default" onClick={() => void again()}>
          {t('common.retry')}
        </Button>
      </div>
    </Page>
  );
}
