// Usage rows as the chart and the table want them.
import type { Tokens, UsageRow } from '../../api/types';
import { toDate } from '../../format/time';
import type { Measure, Span } from './view';

export function inputTokens(tokens: Tokens): number {
  const cached = tokens.cache_read + tokens.cache_read_audio + tokens.cache_read_image;
  const written = tokens.cache_write_5m + tokens.cache_write_1h;
  return tokens.input_uncached + cached + written + tokens.audio_in + tokens.image_in + tokens.video_in;
}

export function outputTokens(tokens: Tokens): number {
  return tokens.output_text + tokens.reasoning + tokens.audio_out + tokens.image_out;
}

export function measure(row: UsageRow, which: Measure): number {
  if (which === 'tokens') return inputTokens(row.tokens) + outputTokens(row.tokens);
  return row[which];
}

/** The groups with the most of a measure, largest first; the rest is one group of its own. Groups without it are none. */
export function leading(rows: UsageRow[], which: Measure, most: number): { names: string[]; rest: boolean } {
  const sums = new Map<string, number>();
  for (const row of rows) sums.set(row.group, (sums.get(row.group) ?? 0) + measure(row, which));
  const some = [...sums].filter(([, sum]) => sum > 0);
  const names = some.sort((a, b) => b[1] - a[1]).map(([name]) => name);
  return { names: names.slice(0, most), rest: names.length > most };
}

export interface ChartPoint {
  /** Begin of the bucket, milliseconds since 1970. */
  at: number;
  /** A value for each leading group by its place, then the rest. */
  values: number[];
}

/** One point for each bucket of the span, also where nothing happened. */
export function chartPoints(
  rows: UsageRow[],
  span: Span,
  names: string[],
  rest: boolean,
  which: Measure,
): ChartPoint[] {
  const width = names.length + (rest ? 1 : 0);
  const points = new Map<number, ChartPoint>();
  for (let at = span.from.getTime(); at < span.to.getTime(); at += span.step) {
    points.set(at, { at, values: new Array(width).fill(0) });
  }
  for (const row of rows) {
    const at = toDate(row.bucket).getTime();
    const point = points.get(Math.floor(at / span.step) * span.step);
    const value = measure(row, which);
    if (!point || value === 0) continue;
    const place = names.indexOf(row.group);
    const index = place >= 0 ? place : names.length;
    point.values[index] = (point.values[index] ?? 0) + value;
  }
  return [...points.values()];
}

/** A field of CSV (RFC 4180). A leading sign of a formula is made harmless for spreadsheets. */
export function csvField(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function usageCsv(rows: UsageRow[], grouping: string): string {
  const head = [grouping, 'requests', 'errors', 'input_tokens', 'output_tokens', 'cost_usd', 'requests_without_price'];
  const latency = ['p50_ms', 'p90_ms', 'p99_ms'];
  const lines = rows.map((row) => [
    row.group,
    row.requests,
    row.errors,
    inputTokens(row.tokens),
    outputTokens(row.tokens),
    // Empty where the cost is not known: 0 would be a figure.
    row.cost === 0 && row.unpriced > 0 ? '' : (row.cost / 1e9).toFixed(9),
    row.unpriced,
    row.p50_us / 1_000,
    row.p90_us / 1_000,
    row.p99_us / 1_000,
  ]);
  return [[...head, ...latency], ...lines].map((line) => `${line.map(csvField).join(',')}\r\n`).join('');
}
