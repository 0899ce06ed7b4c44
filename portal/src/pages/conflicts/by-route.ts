// Answers of conflicts, counted by route out of the latest requests of each status.
import type { ConflictStatus, StatusSample } from '../../api/conflicts';

export interface RouteCount {
  count: number;
  /** Older requests of this status were not looked at: there may be more. */
  atLeast: boolean;
}

export interface RouteAnswers {
  route: string;
  /** False for a request that no route was found for. */
  known: boolean;
  counts: Partial<Record<ConflictStatus, RouteCount>>;
  sum: number;
}

/** A route that none of the latest requests was for may have had older ones. */
const unseen = (partly: ConflictStatus[]): RouteAnswers['counts'] =>
  Object.fromEntries(partly.map((status) => [status, { count: 0, atLeast: true }]));

/** Most first. */
export function answersByRoute(samples: StatusSample[]): RouteAnswers[] {
  const routes = new Map<string, RouteAnswers>();
  const partly = samples.filter(({ total, rows }) => total > rows.length).map(({ status }) => status);
  for (const { status, rows } of samples) {
    for (const row of rows) {
      const name = row.route || `${row.method} ${row.path}`;
      const found = routes.get(name) ?? { route: name, known: row.route !== '', counts: unseen(partly), sum: 0 };
      const count = (found.counts[status]?.count ?? 0) + 1;
      found.counts[status] = { count, atLeast: partly.includes(status) };
      found.sum += 1;
      routes.set(name, found);
    }
  }
  return [...routes.values()].sort((a, b) => b.sum - a.sum || a.route.localeCompare(b.route));
}
