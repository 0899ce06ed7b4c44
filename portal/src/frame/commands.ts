// What ⌘K leads to: every page, every resource by its name or id, and making a new one.
import { useDebouncedValue } from '@mantine/hooks';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useFound } from '../api/resources';
import { kinds } from '../resources/kinds';
import type { IconName } from '../ui/icons';
import { navigation } from './nav';

/** Milliseconds without a letter before the server is asked. */
const pause = 150;

export interface Command {
  key: string;
  icon: IconName;
  label: string;
  /** What it is, where the name does not say. */
  hint?: string;
  run: () => void;
}

/** Most resources that are offered at once; more letters find the rest. */
const most = 8;

export function useCommands(query: string): Command[] {
  const wanted = query.trim().toLocaleLowerCase();
  const pages = usePages();
  const resources = useResources(wanted);
  const found = (all: Command[]) =>
    all.filter((command) => `${command.label} ${command.key}`.toLocaleLowerCase().includes(wanted));
  // Without a word the pages are enough to choose from.
  return wanted ? [...found(pages), ...found(resources).slice(0, most)] : pages;
}

function usePages(): Command[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const pages = navigation.flatMap(({ items }) =>
    items.map(({ to, icon, label }) => ({ key: to, icon, label: t(`nav.${label}`), run: () => void navigate({ to }) })),
  );
  const making = [
    ['/providers/new', t('providers.add')],
    ['/model-routes/new', t('routes.add')],
    ['/services/new', t('rest.addService')],
    ['/routes/new', t('rest.addRoute')],
    ['/applications/new', t('apps.add')],
    ['/teams/new', t('teams.add')],
  ] as const;
  return [
    ...pages,
    ...making.map(([to, label]) => ({ key: to, icon: 'plus' as const, label, run: () => void navigate({ to }) })),
  ];
}

function useResources(wanted: string): Command[] {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [q] = useDebouncedValue(wanted, pause);
  const providers = useFound('providers', q).data ?? [];
  const routes = useFound('model-routes', q).data ?? [];
  const applications = useFound('applications', q).data ?? [];
  const commands = (collection: keyof typeof kinds, icon: IconName, rows: { id: string; label: string }[]) =>
    rows.map(({ id, label }) => ({
      key: `${collection}/${id}`,
      icon,
      label,
      hint: t(kinds[collection].nav),
      run: () => void navigate({ to: kinds[collection].one, params: { id } }),
    }));
  return [
    ...commands(
      'providers',
      'provider',
      providers.map(({ id, spec }) => ({ id, label: spec.name || id })),
    ),
    ...commands(
      'model-routes',
      'route',
      routes.map(({ id, spec }) => ({ id, label: spec.model ?? id })),
    ),
    ...commands(
      'applications',
      'application',
      applications.map(({ id, spec }) => ({ id, label: spec.name || id })),
    ),
  ];
}
