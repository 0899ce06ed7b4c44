// E-mail and password: on the sign-in page, and over a page whose session has ended.
import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useTranslation } from 'react-i18next';
import { useSignIn } from '../../api/session';
import { ErrorNote } from '../../ui/notes';
import { Rows } from '../../ui/page';

export function SignInForm({ email = '', onSignedIn }: { email?: string; onSignedIn: () => void }) {
  const { t } = useTranslation();
  const signIn = useSignIn();
  const form = useForm({ initialValues: { email, password: '' } });
  const submit = form.onSubmit(async (values) => {
    try {
      await signIn.mutateAsync(values);
    } catch {
      // The note below the fields says why.
      form.setFieldValue('password', '');
      return;
    }
    onSignedIn();
  });
  return (
    <form
      onSubmit={(event) => {
        // It may lie over another form, which is its parent for React.
        event.stopPropagation();
        submit(event);
      }}
      noValidate
    >
      <Rows>
        <TextInput label={t('entry.email')} type="email" autoComplete="username" {...form.getInputProps('email')} />
        <PasswordInput
          label={t('entry.password')}
          autoComplete="current-password"
          data-autofocus={email !== '' || undefined}
          visibilityToggleButtonProps={{ 'aria-label': t('form.showSecret') }}
          {...form.getInputProps('password')}
        />
        <ErrorNote error={signIn.error} />
        <Button type="submit" size="md" loading={signIn.isPending}>
          {t('entry.signInAction')}
        </Button>
      </Rows>
    </form>
  );
}
