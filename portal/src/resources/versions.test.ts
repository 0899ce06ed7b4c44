import { expect, test } from 'vitest';
import type { HistoryEntry } from '../api/types';
import { versionsOf } from './versions';

const entry = (version: number) => ({ version, spec: { version } }) as unknown as HistoryEntry;
const entries = [3, 2, 1].map(entry);

test('each version is compared with the one before it, the first with nothing', () => {
  expect(versionsOf(entries, false).map((row) => row.before?.version)).toEqual([2, 1, undefined]);
});

test('the oldest of a page waits for the page on which the one before it is', () => {
  expect(versionsOf(entries, true).map((row) => [row.version, row.before?.version])).toEqual([
    [3, 2],
    [2, 1],
  ]);
});
