// Asks before something is taken away: says what will break and wants the name typed.
import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ErrorNote } from './notes';
import { Bar, Rows } from './page';

interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** What stops working. */
  children: ReactNode;
  /** What must be typed. */
  name: string;
  action: string;
  run: () => Promise<unknown>;
}

export function ConfirmByName({ opened, onClose, title, children, name, action, run }: ConfirmProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const close = () => {
    setTyped('');
    setError(null);
    onClose();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() !== name) return;
    setBusy(true);
    try {
      await run();
      close();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal opened={opened} onClose={close} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <form onSubmit={submit}>
        <Rows>
          <div>{children}</div>
          <TextInput
            label={t('common.typeToConfirm', { name })}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          <ErrorNote error={error} />
          <Bar end>
            <Button variant="default" onClick={close}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" color="brick" loading={busy} disabled={typed.trim() !== name}>
              {action}
            </Button>
          </Bar>
        </Rows>
      </form>
    </Modal>
  );
}
