// First run: makes the first user with the one-time token that the server printed.
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { faultsByField, Problem } from '../../api/problem';
import { useSetup } from '../../api/session';
import { ErrorNote } from '../../ui/notes';
import { Rows } from '../../ui/page';
import { EntryFrame } from './entry-frame';

/** The token stands in the address that the server printed, as a query or as a fragment. */
function tokenInAddress(): string {
  const { search, hash } = window.location;
  return new URLSearchParams(search).get('token') ?? new URLSearchParams(hash.slice(1)).get('token') ?? '';
}

export default function Setup() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const setup = useSetup();
  const [token] = useState(tokenInAddress);
  // It must not stay in the address, the history, or a screenshot of either.
  useEffect(() => {
    void navigate({ to: '/setup', search: {}, hash: '', replace: true });
  }, [navigate]);
  const form = useForm({
    initialValues: { token, name: '', email: '', password: '' },
    validate: {
      token: (v) => (v.trim() ? null : t('entry.tokenMissing')),
      email: (v) => (/^\S+@\S+$/.test(v) ? null : t('entry.emailInvalid')),
      password: (v) => (v.length >= 10 ? null : t('entry.passwordShort')),
    },
  });
  const submit = form.onSubmit(async (values) => {
    try {
      await setup.mutateAsync(values);
      await navigate({ to: '/' });
    } catch (error) {
      if (error instanceof Problem) form.setErrors(faultsByField(error.faults));
    }
  });
  return (
    <EntryFrame title={t('entry.setupTitle')} lead={t('entry.setupLead')}>
      <form onSubmit={submit} noValidate>
        <Rows>
          {token ? null : (
            <PasswordInput
              label={t('entry.token')}
              description={t('entry.tokenHint')}
              autoComplete="off"
              {...form.getInputProps('token')}
            />
          )}
          <TextInput label={t('entry.name')} autoComplete="name" {...form.getInputProps('name')} />
          <TextInput label={t('entry.email')} type="email" autoComplete="username" {...form.getInputProps('email')} />
          <PasswordInput
            label={t('entry.password')}
            description={t('entry.passwordHint')}
            autoComplete="new-password"
            visibilityToggleButtonProps={{ 'aria-label': t('form.showSecret') }}
            {...form.getInputProps('password')}
          />
          <ErrorNote error={setup.error} shown={Object.keys(form.errors)} />
          <Button type="submit" size="md" loading={setup.isPending}>
            {t('entry.setupAction')}
          </Button>
        </Rows>
      </form>
    </EntryFrame>
  );
}
