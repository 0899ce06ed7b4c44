// What a click on one's name opens: who one is, and the way out.
import { Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSignOut } from '../api/session';
import type { Session } from '../api/types';
import { sayFailed } from '../ui/notes';
import { UserButton } from './user-button';

export default function OpenUserMenu({ user: { name, email, role } }: { user: Session['user'] }) {
  const { t } = useTranslation();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const leave = async () => {
    try {
      await signOut.mutateAsync();
      await navigate({ to: '/sign-in' });
    } catch (error) {
      sayFailed(error);
    }
  };
  return (
    <Menu defaultOpened position="top-start" width={200} withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <UserButton>{name || email}</UserButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('nav.signedInAs', { email, role })}</Menu.Label>
        <Menu.Item onClick={() => void leave()}>{t('nav.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
