// Brings two people's changes of one resource together, field by field.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Side = 'mine' | 'theirs';

/** A field that at least one of the two changed. */
export interface Difference {
  /** Such as `timeouts.connect_ms`. A list counts as one field. */
  path: string;
  base: Json | undefined;
  mine: Json | undefined;
  theirs: Json | undefined;
  /** Who changed it; `both` wants a decision, `same` means that both changed it alike. */
  by: Side | 'both' | 'same';
}

type Fields = { [key: string]: Json };

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Equality of content; the order of an object's keys says nothing. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => sameJson(item, b[i]));
  if (isFields(a) && isFields(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => sameJson(a[key], b[key]));
  }
  return a === b;
}

function changedBy(base: Json | undefined, mine: Json | undefined, theirs: Json | undefined): Difference['by'] | null {
  const byMe = !sameJson(base, mine);
  const byThem = !sameJson(base, theirs);
  if (byMe && byThem) return sameJson(mine, theirs) ? 'same' : 'both';
  if (byMe) return 'mine';
  return byThem ? 'theirs' : null;
}

/** All fields that differ between the common base and either side. */
export function differences(base: Fields, mine: Fields, theirs: Fields, prefix = ''): Difference[] {
  const keys = [...new Set([...Object.keys(base), ...Object.keys(mine), ...Object.keys(theirs)])].sort();
  return keys.flatMap((key) => {
    const [b, m, t] = [base[key], mine[key], theirs[key]];
    const path = prefix + key;
    if (isFields(b) && isFields(m) && isFields(t)) return differences(b, m, t, `${path}.`);
    const by = changedBy(b, m, t);
    return by ? [{ path, base: b, mine: m, theirs: t, by }] : [];
  });
}

/** Who is taken where nobody has decided: the one who changed the field; for a conflict nobody. */
export function defaultSide(difference: Difference): Side | null {
  if (difference.by === 'both') return null;
  return difference.by === 'theirs' ? 'theirs' : 'mine';
}

/** The common base with the chosen side's value in each field that differs. */
export function merge(base: Fields, found: Difference[], choices: Record<string, Side>): Fields {
  const merged = structuredClone(base);
  for (const difference of found) {
    const side = choices[difference.path] ?? defaultSide(difference) ?? 'theirs';
    setAt(merged, difference.path.split('.'), difference[side]);
  }
  return merged;
}

function setAt(fields: Fields, path: string[], value: Json | undefined) {
  const [key, ...rest] = path;
  if (key === undefined) return;
  const inner = fields[key];
  if (rest.length > 0 && isFields(inner)) setAt(inner, rest, value);
  else if (value === undefined) delete fields[key];
  else fields[key] = structuredClone(value);
}
