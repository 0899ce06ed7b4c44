// Asks before unsaved changes are left behind, also when the whole page is closed.
import { Button, Modal } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Bar, Rows } from '../ui/page';

export function LeaveGuard({ dirty }: { dirty: () => boolean }) {
  const { t } = useTranslation();
  const blocker = useBlocker({
    // Another view of the same page keeps the form.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname && dirty(),
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  return (
    <Modal
      opened={blocker.status === 'blocked'}
      onClose={() => blocker.reset?.()}
      title={t('form.unsavedTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Rows>
        <p>{t('form.unsavedText')}</p>
        <Bar end>
          <Button variant="default" onClick={() => blocker.proceed?.()}>
            {t('form.discard')}
          </Button>
          <Button data-autofocus onClick={() => blocker.reset?.()}>
            {t('form.stay')}
          </Button>
        </Bar>
      </Rows>
    </Modal>
  );
}
