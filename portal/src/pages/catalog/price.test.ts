import { expect, test } from 'vitest';
import type { CatalogModel, CatalogPrice } from '../../api/types';
import { priceNow, rateGroups } from './price';

const model = (prices: CatalogModel['prices']): CatalogModel => ({ provider: 'p', id: 'm', prices });
const price = (effective_from: string, input: string) => ({ effective_from, source: 's', per_million: { input } });
const began = { effective_from: '2026-01-01', source: 's' };

test('the latest price that has begun is in force', () => {
  const known = model([price('2026-01-01', '1'), price('2026-06-01', '2'), price('2027-01-01', '3')]);
  expect(priceNow(known, '2026-11-22')?.input).toBe('2');
  expect(priceNow(known, '2026-06-01')?.input).toBe('2');
  expect(priceNow(known, '2025-12-31')).toBeNull();
});

test('no price is unknown, and what is not billed by tokens shows what it is billed by, at its least', () => {
  expect(priceNow(model([]), '2026-11-22')).toBeNull();
  const images = [{ size: '1024x1536', price: '0.06' }, { price: '0.04' }];
  expect(priceNow(model([{ ...began, per_unit: { images, request: '1' } }]), '2026-11-22')).toEqual({
    input: null,
    output: null,
    cacheRead: null,
    perUnit: { unit: 'images', dollars: '0.04', of: '' },
  });
  const both: CatalogPrice = { ...began, per_million: { input: '2' }, per_unit: { web_search: '0.01' } };
  expect(priceNow(model([both]), '2026-11-22')?.perUnit).toBeNull();
});

test('all rates are there: by size of the request, by service tier, and of what is not tokens', () => {
  const groups = rateGroups({
    ...began,
    per_million: { input: '1', output: '2' },
    per_unit: { images: [{ size: '512x512', price: '0.01' }], web_search: '0.02' },
    context_tiers: [{ above: 200_000, per_million: { input: '3' } }],
    service_tiers: { batch: { per_million: { input: '0.5' } }, flex: {} },
  });
  expect(groups.map(({ tier, above }) => [tier, above])).toEqual([
    [null, null],
    [null, 200_000],
    ['batch', null],
  ]);
  expect(groups[0]?.tokens.map(({ rate }) => rate)).toEqual(['input', 'output']);
  expect(groups[0]?.units).toEqual([
    { unit: 'images', dollars: '0.01', of: '512x512' },
    { unit: 'web_search', dollars: '0.02', of: '' },
  ]);
  expect(groups[2]?.tokens).toEqual([{ rate: 'input', dollars: '0.5' }]);
});
