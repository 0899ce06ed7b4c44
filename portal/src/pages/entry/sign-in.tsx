// Sign in with e-mail and password; goes on to the page that was wanted.
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSignIn } from '../../api/session';
import { ErrorNote } from '../../ui/notes';
import { Rows } from '../../ui/page';
import { EntryFrame } from './entry-frame';

export default function SignIn() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/sign-in' });
  const signIn = useSignIn();
  const form = useForm({ initialValues: { email: '', password: '' } });
  const submit = form.onSubmit(async (values) => {
    try {
      await signIn.mutateAsync(values);
    } catch {
      // The note below the fields says why.
      form.setFieldValue('password', '');
      return;
    }
    await navigate({ href: next ?? '/', replace: true });
  });
  return (
    <EntryFrame title={t('entry.signInTitle')} lead={t('entry.signInLead')}>
      <form onSubmit={submit} noValidate>
        <Rows>
          <TextInput label={t('entry.email')} type="email" autoComplete="username" {...form.getInputProps('email')} />
          <PasswordInput
            label={t('entry.password')}
            autoComplete="current-password"
            visibilityToggleButtonProps={{ 'aria-label': t('form.showSecret') }}
            {...form.getInputProps('password')}
          />
          <ErrorNote error={signIn.error} />
          <Button type="submit" size="md" loading={signIn.isPending}>
            {t('entry.signInAction')}
          </Button>
        </Rows>
      </form>
    </EntryFrame>
  );
}
