// A conflict policy as its form holds it: what is inherited, switched off or said here, and presets that fill it.
import type { Json } from '../forms/merge';

export type Part = { [name: string]: Json };
export type Path = (string | number)[];

/** `inherit` what the service or the default has, `off` in spite of it, or `own` parts. */
export const modes = ['inherit', 'off', 'own'] as const;
export type Mode = (typeof modes)[number];

export interface PolicyValues extends Record<string, unknown> {
  mode: Mode;
  /** Kept in case the mode becomes `own` again. */
  own: Part;
}

export function policyValues(setting: unknown): PolicyValues {
  if (setting === 'off') return { mode: 'off', own: {} };
  return setting ? { mode: 'own', own: setting as Part } : { mode: 'inherit', own: {} };
}

/** As `conflict` of a route or a service; nothing where all is inherited. */
export function policySpec<T>({ mode, own }: PolicyValues): { conflict?: T } {
  if (mode === 'inherit') return {};
  return { conflict: (mode === 'off' ? 'off' : own) as T };
}

/** The parts of a policy that can be switched on, in the order in which a request meets them. */
export const parts = [
  'idempotency',
  'concurrency',
  'lock',
  'serialize',
  'lost_update',
  'preconditions',
  'conditional_reads',
  'validators',
  'coalesce',
  'upstream_conflict',
] as const;
export type PartName = (typeof parts)[number];

/** `value` with another value at `path`; `undefined` takes the field away. */
export function withValue(value: Json | undefined, path: Path, next: Json | undefined): Json | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return next;
  if (typeof name === 'number') {
    const list = Array.isArray(value) ? [...value] : [];
    const item = withValue(list[name], rest, next);
    if (item === undefined) list.splice(name, 1);
    else list[name] = item;
    return list;
  }
  const { [name]: inner, ...others } = isPart(value) ? value : {};
  const changed = withValue(inner, rest, next);
  return changed === undefined ? others : { ...(isPart(value) ? value : {}), [name]: changed };
}

const isPart = (value: Json | undefined): value is Part =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function valueAt(value: Json | undefined, path: Path): Json | undefined {
  let at: Json | undefined = value;
  for (const name of path) {
    if (Array.isArray(at) && typeof name === 'number') at = at[name];
    else if (isPart(at) && typeof name === 'string') at = at[name];
    else return undefined;
  }
  return at;
}

export const presets = {
  protect: {
    validators: {},
    conditional_reads: {},
    preconditions: { require: { methods: ['PUT', 'PATCH', 'DELETE'], any_of: ['if-match'] }, evaluate: 'gateway' },
    lost_update: {},
  },
  retry: { idempotency: {} },
  oneWrite: { serialize: { mode: 'queue' } },
  locks: { lock: { enabled: true } },
  limit: { concurrency: [{ name: 'per-caller', key: '{consumer}', limit: 20, queue: { max: 10, max_wait: '500ms' } }] },
  share: { coalesce: {} },
} as const satisfies Record<string, Readonly<Record<string, unknown>>>;
export type Preset = keyof typeof presets;

/** What is there stays; the preset adds its parts, and to a part that is there the fields that it lacks. */
export function withPreset(own: Part, preset: Preset): Part {
  const added = structuredClone(presets[preset]) as unknown as Part;
  const merged = { ...own };
  for (const [name, part] of Object.entries(added)) {
    const there = own[name];
    if (Array.isArray(part)) merged[name] = withLimits(there, part);
    else merged[name] = isPart(there) && isPart(part) ? { ...part, ...there } : part;
  }
  return merged;
}

/** A limit that has a name already is not added again. */
function withLimits(there: Json | undefined, added: Json[]): Json[] {
  const limits = Array.isArray(there) ? there : [];
  const nameOf = (limit: Json) => (isPart(limit) ? limit['name'] : undefined);
  const names = limits.map(nameOf);
  return [...limits, ...added.filter((limit) => !names.includes(nameOf(limit)))];
}

/** The fault at a field, or at what is in it where it has no fields of its own to show it. */
export function faultAt(errors: Record<string, unknown>, path: Path, within: boolean): string | undefined {
  const field = ['conflict', ...path].join('.');
  const found = Object.entries(errors).filter(([name]) => name === field || (within && name.startsWith(`${field}.`)));
  return found.length > 0 ? found.map(([, fault]) => String(fault)).join(' ') : undefined;
}
