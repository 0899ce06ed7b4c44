// The kinds of resources that have pages: what `weir apply` calls each, and where its pages are.
import type { Collection } from '../api/types';

export const kinds = {
  providers: { kind: 'Provider', list: '/providers', one: '/providers/$id', nav: 'nav.providers' },
  'model-routes': { kind: 'ModelRoute', list: '/model-routes', one: '/model-routes/$id', nav: 'nav.modelRoutes' },
  services: { kind: 'Service', list: '/services', one: '/services/$id', nav: 'nav.services' },
  routes: { kind: 'Route', list: '/routes', one: '/routes/$id', nav: 'nav.routes' },
  teams: { kind: 'Team', list: '/teams', one: '/teams/$id', nav: 'nav.teams' },
  applications: { kind: 'Application', list: '/applications', one: '/applications/$id', nav: 'nav.applications' },
} as const satisfies Partial<Record<Collection, { kind: string; list: string; one: string; nav: string }>>;

export type PagedCollection = keyof typeof kinds;

/** What a resource's page shows; it stands in the address, so that it survives a reload and can be shared. */
export const tabs = ['yaml', 'history'] as const;
export type Tab = (typeof tabs)[number];

export function readTab(search: Record<string, unknown>): { tab?: Tab } {
  return { tab: tabs.find((tab) => tab === search['tab']) };
}

/** The collection of a kind, as `weir apply` calls it; undefined for one without pages. */
export function collectionOf(kind: string): PagedCollection | undefined {
  return (Object.keys(kinds) as PagedCollection[]).find((collection) => kinds[collection].kind === kind);
}
