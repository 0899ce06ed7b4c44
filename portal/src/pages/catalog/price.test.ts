import { expect, test } from 'vitest';
import type { CatalogModel } from '../../api/types';
import { priceNow } from './price';

const model = (prices: CatalogModel['prices']): CatalogModel => ({ provider: 'p', id: 'm', prices });
const price = (effective_from: string, input: string) => ({ effective_from, source: 's', per_million: { input } });

test('the latest price that has begun is in force', () => {
  const known = model([price('2026-01-01', '1'), price('2026-06-01', '2'), price('2027-01-01', '3')]);
  expect(priceNow(known, '2026-11-22')?.input).toBe('2');
  expect(priceNow(known, '2026-06-01')?.input).toBe('2');
  expect(priceNow(known, '2025-12-31')).toBeNull();
});

test('no price is unknown, and a price by other units says that there is more', () => {
  expect(priceNow(model([]), '2026-11-22')).toBeNull();
  const image = { effective_from: '2026-01-01', source: 's', per_unit: { images: [] } };
  expect(priceNow(model([image]), '2026-11-22')).toEqual({ input: null, output: null, cacheRead: null, more: true });
});
