// What the portal has, grouped as people look for it. Only pages that exist.
import type { IconName } from '../ui/icons';

export const navigation = [
  { group: 'start', items: [{ to: '/', label: 'home', icon: 'home' }] },
  {
    group: 'ai',
    items: [
      { to: '/providers', label: 'providers', icon: 'provider' },
      { to: '/model-routes', label: 'modelRoutes', icon: 'route' },
      { to: '/catalog', label: 'catalog', icon: 'catalog' },
      { to: '/playground', label: 'playground', icon: 'playground' },
    ],
  },
  {
    group: 'apis',
    items: [
      { to: '/services', label: 'services', icon: 'service' },
      { to: '/routes', label: 'routes', icon: 'route' },
      { to: '/conflicts', label: 'conflicts', icon: 'lock' },
    ],
  },
  {
    group: 'consumers',
    items: [
      { to: '/applications', label: 'applications', icon: 'application' },
      { to: '/teams', label: 'teams', icon: 'user' },
    ],
  },
  {
    group: 'insights',
    items: [
      { to: '/usage', label: 'usage', icon: 'usage' },
      { to: '/requests', label: 'requests', icon: 'requests' },
      { to: '/audit', label: 'audit', icon: 'audit' },
    ],
  },
] as const satisfies { group: string; items: { to: string; label: string; icon: IconName }[] }[];
