// What somebody typed while the form's resource became another version, brought together with that version.
import { differences, type Json, merge, sameJson } from './merge';

type Values = Record<string, unknown>;
const plain = (values: Values) => JSON.parse(JSON.stringify(values)) as { [key: string]: Json };

export const sameValues = (a: Values, b: Values): boolean => sameJson(plain(a), plain(b));

/**
 * The new version's values, and of `now` whatever differs from `settled`: that was typed since. A list counts as one
 * field, and where both changed it, what was typed stays.
 */
export function keepTyped<V extends Values>(settled: V, now: V, fresh: V): V {
  if (sameValues(settled, now)) return fresh;
  const base = plain(settled);
  const found = differences(base, plain(now), plain(fresh));
  const mine = found.filter(({ by }) => by === 'both').map(({ path }) => [path, 'mine'] as const);
  return merge(base, found, Object.fromEntries(mine)) as V;
}
