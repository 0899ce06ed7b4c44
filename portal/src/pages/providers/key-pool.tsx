// The pool of keys of a provider: name, secret, share, order.
import { NumberInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { SecretField } from '../../forms/fields';
import { AddRow, RemoveRow } from '../../forms/list-buttons';
import { Rows } from '../../ui/page';
import classes from './pool.module.css';
import type { ProviderValues } from './values';

export function KeyPool({ form, hint }: { form: UseFormReturnType<ProviderValues>; hint: string }) {
  const { t } = useTranslation();
  const { keys } = form.getValues();
  const add = () =>
    form.insertListItem('keys', { id: freeName(keys.map((k) => k.id)), secret: '', weight: 1, priority: 0 });
  return (
    <Rows>
      <p className="muted small">{keys.length === 0 ? t('providers.noKeys') : hint}</p>
      {keys.map((key, index) => (
        // What is stored for one key must not be offered for another: where one goes, all begin anew.
        // biome-ignore lint/suspicious/noArrayIndexKey: a key's name is edited in place; its position is what stays
        <div key={`${index} of ${keys.length}`} className={classes.row}>
          <TextInput label={t('providers.keyId')} {...form.getInputProps(`keys.${index}.id`)} />
          <SecretField
            label={t('providers.keySecret')}
            value={key.secret}
            onChange={(secret) => form.setFieldValue(`keys.${index}.secret`, secret)}
            error={form.errors[`keys.${index}.secret`]}
          />
          <NumberInput label={t('providers.weight')} min={0} {...form.getInputProps(`keys.${index}.weight`)} />
          <NumberInput label={t('providers.priority')} min={0} {...form.getInputProps(`keys.${index}.priority`)} />
          <RemoveRow
            className={classes.remove}
            label={t('providers.removeKey', { name: key.id })}
            onClick={() => form.removeListItem('keys', index)}
          />
        </div>
      ))}
      <AddRow onClick={add}>{t('providers.addKey')}</AddRow>
    </Rows>
  );
}

function freeName(taken: string[]): string {
  if (!taken.includes('main')) return 'main';
  let number = 2;
  while (taken.includes(`key-${number}`)) number += 1;
  return `key-${number}`;
}
