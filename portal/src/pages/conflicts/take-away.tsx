// Asks before a lock is broken or a key forgotten: says what that does, and wants a reason for the audit trail.
import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useTakeAway } from '../../api/conflicts';
import type { HeldEntry } from '../../api/types';
import { ErrorNote, sayDone } from '../../ui/notes';
import { Bar, Rows } from '../../ui/page';

interface TakeAwayProps {
  kind: 'locks' | 'keys';
  entry: HeldEntry;
  onClose: () => void;
}

export function TakeAway({ kind, entry, onClose }: TakeAwayProps) {
  const { t } = useTranslation();
  const take = useTakeAway(kind);
  const [reason, setReason] = useState('');
  const what = entry.label || entry.id;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!reason.trim()) return;
    take.mutate(
      { store: entry.store, id: entry.id, reason: reason.trim() },
      {
        onSuccess: () => {
          sayDone(t(`conflicts.taking.${kind}.done`, { what }));
          onClose();
        },
      },
    );
  };
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`conflicts.taking.${kind}.title`)}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={submit}>
        <Rows>
          <p>
            <code>{what}</code> {entry.owner ? `(${entry.owner})` : null}
          </p>
          <p>{t(`conflicts.taking.${kind}.text`)}</p>
          <TextInput
            label={t('conflicts.reason')}
            description={t('conflicts.reasonHint')}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={200}
            required
            data-autofocus
          />
          <ErrorNote error={take.error} />
          <Bar end>
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" color="brick" loading={take.isPending} disabled={!reason.trim()}>
              {t(kind === 'locks' ? 'conflicts.break' : 'conflicts.forget')}
            </Button>
          </Bar>
        </Rows>
      </form>
    </Modal>
  );
}
