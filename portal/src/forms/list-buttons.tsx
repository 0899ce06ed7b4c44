// What adds a row to a list within a form, and what takes one away.
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icons';

interface AddRowProps {
  children: string;
  onClick: () => void;
}

export function AddRow({ children, onClick }: AddRowProps) {
  return (
    <div>
      <Button variant="default" size="xs" leftSection={<Icon name="plus" size={14} />} onClick={onClick}>
        {children}
      </Button>
    </div>
  );
}

interface RemoveRowProps {
  /** Names what is taken away. */
  label: string;
  onClick: () => void;
  className?: string | undefined;
}

export function RemoveRow({ label, onClick, className }: RemoveRowProps) {
  const { t } = useTranslation();
  return (
    <Tooltip label={t('common.remove')}>
      <ActionIcon variant="subtle" color="gray" size="lg" className={className} aria-label={label} onClick={onClick}>
        <Icon name="trash" />
      </ActionIcon>
    </Tooltip>
  );
}
