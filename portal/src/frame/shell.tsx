// The application's frame: navigation at the side, or behind a button where there is no room; the page beside it.
import { ActionIcon } from '@mantine/core';
import { useDisclosure, useHotkeys } from '@mantine/hooks';
import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { Icon } from '../ui/icons';
import { Wordmark } from '../ui/logo';
import { navigation } from './nav';
import { Preferences } from './preferences';
import classes from './shell.module.css';
import { UserMenu } from './user-menu';

const CommandPalette = lazy(() => import('./command-palette'));
const NavDrawer = lazy(() => import('./drawer'));

function NavLinks({ onFollow }: { onFollow?: () => void }) {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('nav.label')} className={classes.nav}>
      {navigation.map(({ group, items }) => (
        <div key={group} className={classes.group}>
          {group === 'start' ? null : <div className={classes.groupName}>{t(`nav.${group}`)}</div>}
          {items.map((item) => (
            <Link
              key={item.to}
              to={item.to}
              className={classes.link}
              activeOptions={{ exact: item.to === '/', includeSearch: false }}
              {...(onFollow ? { onClick: onFollow } : {})}
            >
              <Icon name={item.icon} />
              {t(`nav.${item.label}`)}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  );
}

/** The search of the page, where it has one. */
const toSearch = () => document.querySelector<HTMLInputElement>('input[data-search]')?.focus();

export default function Shell() {
  const { t } = useTranslation();
  const [menu, { open, close }] = useDisclosure(false);
  const [palette, { open: openPalette, close: closePalette }] = useDisclosure(false);
  useHotkeys([['mod+K', openPalette]], []);
  useHotkeys([['/', toSearch]]);
  const path = useRouterState({ select: (state) => state.location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when another page is shown
  useEffect(close, [path]);
  return (
    <div className={classes.shell}>
      <a href="#page" className={classes.skip}>
        {t('nav.skip')}
      </a>
      <aside className={classes.side}>
        <SideContent onSearch={openPalette} />
      </aside>
      {/* No `header`: that is what a dialogue calls its own, and a page may have one. */}
      <section className={classes.top} aria-label={t('nav.top')}>
        <ActionIcon variant="subtle" color="gray" size="lg" onClick={open} aria-label={t('nav.open')}>
          <Icon name="menu" size={22} />
        </ActionIcon>
        <Link to="/" className={classes.brand}>
          <Wordmark />
        </Link>
      </section>
      {menu ? (
        <Suspense>
          <NavDrawer onClose={close}>
            <NavLinks onFollow={close} />
            <div className={classes.foot}>
              <Preferences />
              <UserMenu />
            </div>
          </NavDrawer>
        </Suspense>
      ) : null}
      {palette ? (
        <Suspense>
          <CommandPalette opened onClose={closePalette} />
        </Suspense>
      ) : null}
      <main id="page" className={classes.main} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function SideContent({ onSearch }: { onSearch: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Link to="/" className={classes.brand}>
        <Wordmark />
      </Link>
      <button type="button" className={classes.search} onClick={onSearch}>
        <Icon name="search" size={16} />
        {t('nav.goTo')}
        <kbd>⌘K</kbd>
      </button>
      <NavLinks />
      <div className={classes.foot}>
        <Preferences />
        <UserMenu />
      </div>
    </>
  );
}
