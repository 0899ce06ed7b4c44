// What the Conflicts page shows, as its address says it.
import { known } from '../../api/types';
import { type Range, ranges } from '../requests/filter';

export const conflictTabs = ['locks', 'leases', 'keys', 'limits', 'answers', 'simulate'] as const;
export type ConflictTab = (typeof conflictTabs)[number];

export interface ConflictView {
  show?: ConflictTab;
  team?: string;
  store?: string;
  range?: Range;
}

const text = (value: unknown): string | undefined =>
  (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : undefined;

export function readConflictView(search: Record<string, unknown>): ConflictView {
  return {
    show: known(conflictTabs, String(search['show'])),
    team: text(search['team']),
    store: text(search['store']),
    range: known(ranges, String(search['range'])),
  };
}
