// Sign in with e-mail and password; goes on to the page that was wanted.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { EntryFrame } from './entry-frame';
import { SignInForm } from './sign-in-form';

export default function SignIn() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { next } = useSearch({ from: '/sign-in' });
  return (
    <EntryFrame title={t('entry.signInTitle')} lead={t('entry.signInLead')}>
      <SignInForm onSignedIn={() => void navigate({ href: next ?? '/', replace: true })} />
    </EntryFrame>
  );
}
