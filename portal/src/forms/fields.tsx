// Form fields that several resources share.
import { Button, NumberInput, PasswordInput, TagsInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Bar } from '../ui/page';

interface SecretFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  error?: React.ReactNode;
}

/** A secret: what is stored shows as its fingerprint and stays unless it is replaced. */
export function SecretField({ label, value, onChange, error }: SecretFieldProps) {
  const { t } = useTranslation();
  const [stored, setStored] = useState<string | null>(null);
  // Also what is sealed by a save while the field is shown.
  if (value.startsWith('sealed:') && value !== stored) setStored(value);
  const [shown, setShown] = useState(false);
  // A reference is no secret, and people compare it with what they set elsewhere.
  const reference = /^(env|file):/.test(value);
  const kept = stored !== null && value === stored;
  if (kept) {
    return (
      <TextInput
        label={label}
        value={t('form.secretStored', { fingerprint: stored.slice('sealed:'.length) })}
        readOnly
        error={error}
        rightSectionWidth={84}
        rightSection={
          <Button size="compact-xs" variant="default" onClick={() => onChange('')}>
            {t('form.replace')}
          </Button>
        }
      />
    );
  }
  return (
    <div>
      <PasswordInput
        label={label}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
        visible={shown || reference}
        onVisibilityChange={setShown}
        autoComplete="off"
        spellCheck={false}
        visibilityToggleButtonProps={{ 'aria-label': t('form.showSecret') }}
      />
      {stored ? (
        <Bar>
          <Button mt="xs" size="compact-xs" variant="subtle" onClick={() => onChange(stored)}>
            {t('form.keepStored')}
          </Button>
        </Bar>
      ) : null}
    </div>
  );
}

interface AllowListProps {
  label: string;
  description: string;
  value: string[];
  onChange: (value: string[]) => void;
  known: string[];
  /** What an empty list means; nothing when absent. */
  empty?: string;
  /** In a dialogue, beyond whose edge the offers may reach. */
  inDialog?: boolean;
  error?: React.ReactNode;
}

/** Names that may be called; `*` for all. Known names are offered, others can be typed. */
export function AllowList({
  label,
  description,
  value,
  onChange,
  known,
  empty,
  inDialog = false,
  error,
}: AllowListProps) {
  const { t } = useTranslation();
  return (
    <TagsInput
      label={label}
      description={description}
      placeholder={value.length === 0 ? (empty ?? t('form.nothingAllowed')) : ''}
      value={value}
      onChange={onChange}
      data={['*', ...known]}
      error={error}
      acceptValueOnBlur
      comboboxProps={{ withinPortal: inDialog }}
    />
  );
}

interface MillisecondsProps {
  label: string;
  description?: string;
  value: number;
  onChange: (value: number) => void;
  error?: React.ReactNode;
}

export function Milliseconds({ label, description, value, onChange, error }: MillisecondsProps) {
  return (
    <NumberInput
      label={label}
      description={description}
      value={value}
      onChange={(next) => onChange(Number(next) || 0)}
      min={0}
      step={1000}
      suffix=" ms"
      thousandSeparator=" "
      error={error}
    />
  );
}
