// The search of a list. What is looked for stands in the address, so that the list can be shared.
import { TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Icon } from './icons';

interface SearchFieldProps {
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

export function SearchField({ value, onChange }: SearchFieldProps) {
  const { t } = useTranslation();
  return (
    <TextInput
      aria-label={t('common.search')}
      placeholder={t('common.search')}
      leftSection={<Icon name="search" size={16} />}
      maw="22rem"
      defaultValue={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    />
  );
}
