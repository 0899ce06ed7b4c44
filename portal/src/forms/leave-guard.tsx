// Asks before unsaved changes are left behind, also when the whole page is closed. Where a session that has ended would
// take the reader away, they can sign in again in place.
import { Button, Modal } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { lastEmail } from '../api/session';
import { Bar, Rows } from '../ui/page';

const SignInForm = lazy(async () => ({ default: (await import('../pages/entry/sign-in-form')).SignInForm }));

export function LeaveGuard({ dirty }: { dirty: () => boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    // Another view of the same page keeps the form.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && dirty(),
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  const stay = () => blocker.reset?.();
  const discard = (
    <Button variant="default" onClick={() => blocker.proceed?.()}>
      {t('form.discard')}
    </Button>
  );
  const ended = blocker.next?.pathname === '/sign-in';
  return (
    <Modal
      opened={blocker.status === 'blocked'}
      onClose={stay}
      title={t(ended ? 'form.endedTitle' : 'form.unsavedTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      {ended ? (
        <Rows>
          <p>{t('form.endedText')}</p>
          <Suspense>
            <SignInForm email={lastEmail()} onSignedIn={stay} />
          </Suspense>
          <Bar end>{discard}</Bar>
        </Rows>
      ) : (
        <Rows>
          <p>{t('form.unsavedText')}</p>
          <Bar end>
            {discard}
            <Button data-autofocus onClick={stay}>
              {t('form.stay')}
            </Button>
          </Bar>
        </Rows>
      )}
    </Modal>
  );
}
