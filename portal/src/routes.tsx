// Every address of the portal in one list. Each page is a file of its own that loads when it is visited.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from '@tanstack/react-router';
import { whenSignedOut } from './api/http';
import { queryClient } from './api/query-client';
import { readSession, sessionKey, setupNeeded } from './api/session';
import { PageFailed, PageMissing } from './frame/trouble';
import { readCatalogFilter } from './pages/catalog/filter';
import { readConflictView } from './pages/conflicts/view';
import { readRequestFilter } from './pages/requests/filter';
import { readUsageView } from './pages/usage/view';
import { readTab, type Tab } from './resources/kinds';

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
/** Only a path of our own: `//host` and `https:` would lead elsewhere. */
const ownPath = (value: unknown) => (/^\/(?![/\\])/.test(text(value) ?? '') ? text(value) : undefined);

const root = createRootRoute({ component: Outlet, notFoundComponent: PageMissing, errorComponent: PageFailed });

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  beforeLoad: async () => {
    if (!(await setupNeeded())) throw redirect({ to: '/' });
  },
  component: lazyRouteComponent(() => import('./pages/entry/setup')),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string } => ({ next: ownPath(search['next']) }),
  component: lazyRouteComponent(() => import('./pages/entry/sign-in')),
});

const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: lazyRouteComponent(() => import('./frame/shell')),
  beforeLoad: async ({ location }) => {
    const session = await queryClient.fetchQuery({ queryKey: sessionKey, queryFn: readSession, staleTime: 60_000 });
    if (session) return;
    if (await setupNeeded()) throw redirect({ to: '/setup' });
    throw redirect({ to: '/sign-in', search: location.href === '/' ? {} : { next: location.href } });
  },
});

const home = createRoute({
  getParentRoute: () => app,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/home/home')),
});

const providers = createRoute({
  getParentRoute: () => app,
  path: '/providers',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search['q']) }),
  component: lazyRouteComponent(() => import('./pages/providers/list')),
});
const newProvider = createRoute({
  getParentRoute: () => app,
  path: '/providers/new',
  validateSearch: (search: Record<string, unknown>): { from?: string; tab?: Tab } => ({
    from: text(search['from']),
    ...readTab(search),
  }),
  component: lazyRouteComponent(() => import('./pages/providers/create')),
});
const provider = createRoute({
  getParentRoute: () => app,
  path: '/providers/$id',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/providers/edit')),
});

const modelRoutes = createRoute({
  getParentRoute: () => app,
  path: '/model-routes',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search['q']) }),
  component: lazyRouteComponent(() => import('./pages/model-routes/list')),
});
const newModelRoute = createRoute({
  getParentRoute: () => app,
  path: '/model-routes/new',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/model-routes/create')),
});
const modelRoute = createRoute({
  getParentRoute: () => app,
  path: '/model-routes/$id',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/model-routes/edit')),
});

const catalog = createRoute({
  getParentRoute: () => app,
  path: '/catalog',
  validateSearch: readCatalogFilter,
  component: lazyRouteComponent(() => import('./pages/catalog/catalog')),
});

const playground = createRoute({
  getParentRoute: () => app,
  path: '/playground',
  validateSearch: (search: Record<string, unknown>): { model?: string } => ({ model: text(search['model']) }),
  component: lazyRouteComponent(() => import('./pages/playground/playground')),
});

const services = createRoute({
  getParentRoute: () => app,
  path: '/services',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search['q']) }),
  component: lazyRouteComponent(() => import('./pages/services/list')),
});
const newService = createRoute({
  getParentRoute: () => app,
  path: '/services/new',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/services/create')),
});
const service = createRoute({
  getParentRoute: () => app,
  path: '/services/$id',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/services/edit')),
});

const routes = createRoute({
  getParentRoute: () => app,
  path: '/routes',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search['q']) }),
  component: lazyRouteComponent(() => import('./pages/routes/list')),
});
const newRoute = createRoute({
  getParentRoute: () => app,
  path: '/routes/new',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/routes/create')),
});
const route = createRoute({
  getParentRoute: () => app,
  path: '/routes/$id',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/routes/edit')),
});

const conflicts = createRoute({
  getParentRoute: () => app,
  path: '/conflicts',
  validateSearch: readConflictView,
  component: lazyRouteComponent(() => import('./pages/conflicts/conflicts')),
});

const applications = createRoute({
  getParentRoute: () => app,
  path: '/applications',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search['q']) }),
  component: lazyRouteComponent(() => import('./pages/applications/list')),
});
const newApplication = createRoute({
  getParentRoute: () => app,
  path: '/applications/new',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/applications/create')),
});
const application = createRoute({
  getParentRoute: () => app,
  path: '/applications/$id',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/applications/edit')),
});

const teams = createRoute({
  getParentRoute: () => app,
  path: '/teams',
  validateSearch: (search: Record<string, unknown>): { q?: string } => ({ q: text(search['q']) }),
  component: lazyRouteComponent(() => import('./pages/teams/list')),
});
const newTeam = createRoute({
  getParentRoute: () => app,
  path: '/teams/new',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/teams/create')),
});
const team = createRoute({
  getParentRoute: () => app,
  path: '/teams/$id',
  validateSearch: readTab,
  component: lazyRouteComponent(() => import('./pages/teams/edit')),
});

const usage = createRoute({
  getParentRoute: () => app,
  path: '/usage',
  validateSearch: readUsageView,
  component: lazyRouteComponent(() => import('./pages/usage/usage')),
});
const requests = createRoute({
  getParentRoute: () => app,
  path: '/requests',
  validateSearch: readRequestFilter,
  component: lazyRouteComponent(() => import('./pages/requests/list')),
});
const request = createRoute({
  getParentRoute: () => app,
  path: '/requests/$id',
  component: lazyRouteComponent(() => import('./pages/requests/one')),
});
const audit = createRoute({
  getParentRoute: () => app,
  path: '/audit',
  component: lazyRouteComponent(() => import('./pages/audit/audit')),
});

const pages = [home, providers, newProvider, provider, modelRoutes, newModelRoute, modelRoute, catalog, playground];
const apis = [services, newService, service, routes, newRoute, route, conflicts];
const consumers = [applications, newApplication, application, teams, newTeam, team];
const insights = [usage, requests, request, audit];
const routeTree = root.addChildren([setup, signIn, app.addChildren([...pages, ...apis, ...consumers, ...insights])]);

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultErrorComponent: PageFailed,
  scrollRestoration: true,
});

whenSignedOut(() => {
  queryClient.setQueryData(sessionKey, null);
  void router.navigate({ to: '/sign-in', search: { next: router.state.location.href } });
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
