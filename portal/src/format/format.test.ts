import { expect, test } from 'vitest';
import { exactMoney, formatMoney } from './money';
import { formatBytes, formatDuration, formatShare } from './quantity';
import { formatRelative, formatUtc, toDate } from './time';

test('money keeps its currency and the digits that matter', () => {
  expect(formatMoney(0, 'en')).toBe('$0.00');
  expect(formatMoney(1_234_560_000_000, 'en')).toBe('$1,234.56');
  expect(formatMoney(10_000_000, 'en')).toBe('$0.01');
  expect(formatMoney(125_400, 'en')).toBe('$0.00013');
  expect(formatMoney(200_000, 'en')).toBe('$0.00020');
  expect(formatMoney(1, 'en')).toBe('$0.0000000010');
  expect(formatMoney(-2_500_000_000, 'en')).toBe('-$2.50');
  expect(formatMoney(10_000_000, 'zh-CN')).toBe('US$0.01');
});

test('exact money is exact', () => {
  expect(exactMoney(125_400)).toBe('0.0001254 USD');
  expect(exactMoney(3_000_000_000)).toBe('3 USD');
  expect(exactMoney(-1)).toBe('-0.000000001 USD');
  expect(exactMoney(9_007_199_254_740_991)).toBe('9007199.254740991 USD');
});

test('durations pick a unit', () => {
  expect([840, 12_400, 321_000, 3_210_000, 125_000_000].map((us) => formatDuration(us, 'en'))).toEqual([
    '840 µs',
    '12.4 ms',
    '321 ms',
    '3.21 s',
    '2 min 5 s',
  ]);
});

test('sizes and shares', () => {
  expect([formatBytes(512, 'en'), formatBytes(1_572_864, 'en')]).toEqual(['512 B', '1.5 MiB']);
  expect([formatShare(0, 0, 'en'), formatShare(1, 3, 'en'), formatShare(1, 2000, 'en')]).toEqual([
    '–',
    '33.3%',
    '0.05%',
  ]);
});

test('times', () => {
  const date = toDate(1_700_000_000_000_000);
  expect(formatUtc(date)).toBe('2023-11-14 22:13:20 UTC');
  expect(formatUtc(toDate('2023-11-14T22:13:20Z'))).toBe('2023-11-14 22:13:20 UTC');
  expect(formatRelative(date, 'en', date.getTime() + 310_000)).toBe('5 minutes ago');
  expect(formatRelative(date, 'en', date.getTime() - 3 * 86_400_000)).toBe('in 3 days');
});
