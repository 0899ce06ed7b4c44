// What the usage page shows, as its address says it.

export const ranges = ['24h', '7d', '30d', '90d'] as const;
export type Range = (typeof ranges)[number];
export const groupings = ['model', 'provider', 'application', 'team', 'key', 'status'] as const;
export type Grouping = (typeof groupings)[number];
export const measures = ['cost', 'requests', 'tokens', 'errors'] as const;
export type Measure = (typeof measures)[number];

export interface UsageView {
  range?: Range;
  by?: Grouping;
  show?: Measure;
}

const oneOf = <T extends string>(all: readonly T[], value: unknown): T | undefined =>
  all.find((item) => item === value);

export function readUsageView(search: Record<string, unknown>): UsageView {
  return {
    range: oneOf(ranges, search['range']),
    by: oneOf(groupings, search['by']),
    show: oneOf(measures, search['show']),
  };
}

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** How the server cuts time. */
export type Bucket = 'hour' | 'day';

/** How far each range goes back, and how wide its columns are. */
const widths: Record<Range, { span: number; bucket: Bucket; step: number }> = {
  '24h': { span: day, bucket: 'hour', step: hour },
  '7d': { span: 7 * day, bucket: 'hour', step: hour },
  '30d': { span: 30 * day, bucket: 'day', step: day },
  '90d': { span: 90 * day, bucket: 'day', step: day },
};

export interface Span {
  from: Date;
  to: Date;
  bucket: Bucket;
  /** Width of a bucket in milliseconds. */
  step: number;
}

/** The range up to now, its begin moved to the begin of a bucket so that the first column is whole. */
export function spanOf(range: Range, now: number): Span {
  const { span, bucket, step } = widths[range];
  const from = Math.floor((now - span) / step) * step;
  // Up to the end of this minute: the question stays the same for that long, and what happens now is in it.
  return { from: new Date(from), to: new Date((Math.floor(now / minute) + 1) * minute), bucket, step };
}
