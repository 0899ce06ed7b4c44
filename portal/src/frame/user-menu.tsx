// Who is signed in; a click opens the way out. What opens comes with the first click.
import { lazy, Suspense, useState } from 'react';
import { useSession } from '../api/session';
import { UserButton } from './user-button';

const OpenMenu = lazy(() => import('./user-menu-open'));

export function UserMenu() {
  const { data: session } = useSession();
  const [asked, setAsked] = useState(false);
  if (!session) return null;
  const { user } = session;
  const closed = (
    <UserButton aria-haspopup="menu" aria-expanded={false} onClick={() => setAsked(true)}>
      {user.name || user.email}
    </UserButton>
  );
  if (!asked) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenMenu user={user} />
    </Suspense>
  );
}
