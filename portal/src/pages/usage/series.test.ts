import { expect, test } from 'vitest';
import type { Tokens, UsageRow } from '../../api/types';
import { chartPoints, csvField, leading, usageCsv } from './series';
import { readUsageView, spanOf } from './view';

const tokens = (input_uncached: number, output_text: number): Tokens => ({
  input_uncached,
  output_text,
  cache_read: 0,
  cache_write_5m: 0,
  cache_write_1h: 0,
  reasoning: 0,
  audio_in: 0,
  audio_out: 0,
  image_in: 0,
  image_out: 0,
  cache_read_audio: 0,
  cache_read_image: 0,
  video_in: 0,
});
const row = (group: string, at: number, requests: number): UsageRow => ({
  group,
  bucket: new Date(at).toISOString(),
  requests,
  errors: 0,
  unpriced: 0,
  cost: requests * 1_500,
  cost_usd: '',
  tokens: tokens(requests * 10, requests),
  p50_us: 1_000,
  p90_us: 2_000,
  p99_us: 3_500,
});
const now = Date.parse('2026-03-01T10:20:30Z');

test('every bucket has a point, and small groups are one', () => {
  const span = spanOf('24h', now);
  const at = Date.parse('2026-03-01T09:00:00Z');
  const rows = [row('a', at, 5), row('b', at, 3), row('c', at, 2), row('c', at - 3_600_000, 1)];
  const { names, rest } = leading(rows, 'requests', 1);
  expect([names, rest]).toEqual([['a'], true]);
  const points = chartPoints(rows, span, names, rest, 'requests');
  expect(points).toHaveLength(25);
  expect(points.find((p) => p.at === at)?.values).toEqual([5, 5]);
  expect(points.find((p) => p.at === at - 3_600_000)?.values).toEqual([0, 1]);
  expect(points.reduce((sum, p) => sum + p.values.reduce((a, b) => a + b, 0), 0)).toBe(11);
});

test('what happens at this very moment is within the range', () => {
  for (const moment of [now, Math.floor(now / 60_000) * 60_000]) {
    const { from, to } = spanOf('24h', moment);
    expect(to.getTime()).toBeGreaterThan(moment);
    expect(from.getTime()).toBeLessThanOrEqual(moment - 86_400_000);
  }
});

test('the table goes into a file that spreadsheets read, and run nothing of', () => {
  expect(usageCsv([row('x', now, 2)], 'model')).toBe(
    'model,requests,errors,input_tokens,output_tokens,cost_usd,requests_without_price,p50_ms,p90_ms,p99_ms\r\n' +
      'x,2,0,20,2,0.000003000,0,1,2,3.5\r\n',
  );
  expect(['a,b', 'say "x"', '=1+1', '-x', -5].map(csvField)).toEqual(['"a,b"', '"say ""x"""', "'=1+1", "'-x", '-5']);
});

test('an address that names nothing known falls back', () => {
  expect(readUsageView({ range: '7d', by: 'nonsense', show: 3 })).toEqual({
    range: '7d',
    by: undefined,
    show: undefined,
  });
});
