// Who is signed in, and the way out.
import { Button, Menu } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useSession, useSignOut } from '../api/session';
import { Icon } from '../ui/icons';
import { sayFailed } from '../ui/notes';

export function UserMenu() {
  const { t } = useTranslation();
  const { data: session } = useSession();
  const signOut = useSignOut();
  const navigate = useNavigate();
  if (!session) return null;
  const { name, email, role } = session.user;
  const leave = async () => {
    try {
      await signOut.mutateAsync();
      await navigate({ to: '/sign-in' });
    } catch (error) {
      sayFailed(error);
    }
  };
  return (
    <Menu position="top-start" width={200} withinPortal={false} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button variant="subtle" color="gray" size="compact-md" justify="flex-start" leftSection={<Icon name="user" />}>
          {name || email}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('nav.signedInAs', { email, role })}</Menu.Label>
        <Menu.Item onClick={() => void leave()}>{t('nav.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
