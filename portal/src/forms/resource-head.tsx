// What stands above every resource: who changed it last and when, and the way to remove it.
import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useDelete } from '../api/resources';
import type { Collection, Resource } from '../api/types';
import { ConfirmByName } from '../ui/confirm';
import { Copyable } from '../ui/copyable';
import { Time } from '../ui/figures';
import { Icon } from '../ui/icons';
import { sayDone } from '../ui/notes';

export function Changed({ resource }: { resource: Resource }) {
  const { t } = useTranslation();
  return (
    <span className="facts small">
      <Copyable text={resource.id} />
      <span>{t('common.version', { version: resource.version })}</span>
      <span>
        {t('common.changedBy', { who: resource.updated_by })} <Time value={resource.updated_at} as="relative" />
      </span>
    </span>
  );
}

interface DeleteResourceProps {
  collection: Collection;
  id: string;
  etag: string | null;
  /** What stops working. */
  children: ReactNode;
  onDeleted: () => void;
}

export function DeleteResource({ collection, id, etag, children, onDeleted }: DeleteResourceProps) {
  const { t } = useTranslation();
  const remove = useDelete(collection);
  const [opened, { open, close }] = useDisclosure(false);
  const run = async () => {
    await remove.mutateAsync({ id, etag: etag ?? '*' });
    sayDone(t('common.deleted', { name: id }));
    onDeleted();
  };
  return (
    <>
      <Button variant="default" leftSection={<Icon name="trash" size={16} />} onClick={open}>
        {t('common.delete')}
      </Button>
      <ConfirmByName
        opened={opened}
        onClose={close}
        title={t('common.deleteTitle', { id })}
        name={id}
        action={t('common.delete')}
        run={run}
      >
        {children}
      </ConfirmByName>
    </>
  );
}
