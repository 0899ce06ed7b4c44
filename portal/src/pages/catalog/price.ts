// The price of a model of the catalogue that is in force: what of it fits into a row, and all of it.
import { buckets, type Rate } from '../../api/buckets';
import type { CatalogModel, CatalogPrice, CatalogRates } from '../../api/types';

/** What a model is billed by before all else stands first. */
export const units = [
  'images',
  'pixel',
  'video_out_second',
  'audio_out_second',
  'audio_in_second',
  'character',
  'page',
  'query',
  'request',
  'video_in_second',
  'image_in',
  'annotated_page',
  'web_search_low',
  'web_search',
  'web_search_high',
  'file_search',
  'code_session',
  'map_query',
] as const;
export type Unit = (typeof units)[number];

export interface UnitRate {
  unit: Unit;
  dollars: string;
  /** Size, quality or lines that it holds for; empty for any. */
  of: string;
}

export interface ListPrice {
  /** Dollars for a million tokens; null when that is unknown, or it is not billed by tokens. */
  input: string | null;
  output: string | null;
  cacheRead: string | null;
  /** Where no tokens are billed: what is, at its least. */
  perUnit: UnitRate | null;
}

/** The row with the latest day that has begun; null when there is none, which is not free. */
export function priceRow(model: CatalogModel, today: string): CatalogPrice | null {
  const begun = (model.prices ?? []).filter((price) => price.effective_from <= today);
  return begun.sort((a, b) => b.effective_from.localeCompare(a.effective_from))[0] ?? null;
}

export function priceNow(model: CatalogModel, today: string): ListPrice | null {
  const price = priceRow(model, today);
  if (!price) return null;
  const rates = price.per_million;
  const perUnit = unitRates(price.per_unit).filter(({ unit }) => unit === unitRates(price.per_unit)[0]?.unit);
  return {
    input: rates?.input ?? null,
    output: rates?.output ?? null,
    cacheRead: rates?.cache_read ?? null,
    perUnit: rates?.input || rates?.output ? null : leastOf(perUnit),
  };
}

const leastOf = (rates: UnitRate[]): UnitRate | null =>
  rates.reduce<UnitRate | null>(
    (least, rate) => (least && Number(least.dollars) <= Number(rate.dollars) ? least : rate),
    null,
  );

export function unitRates(per: CatalogPrice['per_unit']): UnitRate[] {
  return units.flatMap((unit): UnitRate[] => {
    if (unit === 'images') {
      const of = ({ size, quality }: { size?: string | null; quality?: string | null }) =>
        [size, quality].filter(Boolean).join(', ');
      return (per?.images ?? []).map((image) => ({ unit, dollars: image.price, of: of(image) }));
    }
    if (unit === 'video_out_second') {
      const seconds = per?.video_out_second ?? [];
      return seconds.map(({ lines, price }) => ({ unit, dollars: price, of: lines ? `${lines}p` : '' }));
    }
    const dollars = per?.[unit];
    return dollars ? [{ unit, dollars, of: '' }] : [];
  });
}

/** Rates that hold together: always, above so much input, or in a service tier. */
export interface RateGroup {
  tier: string | null;
  above: number | null;
  tokens: { rate: Rate; dollars: string }[];
  units: UnitRate[];
}

function groupsOf(tier: string | null, rates: CatalogRates): RateGroup[] {
  const tokens = (per: CatalogRates['per_million']) =>
    buckets.flatMap(({ rate }) => (per?.[rate] ? [{ rate, dollars: per[rate] }] : []));
  const above = (rates.context_tiers ?? []).map((context) => ({
    tier,
    above: context.above,
    tokens: tokens(context.per_million),
    units: [],
  }));
  return [{ tier, above: null, tokens: tokens(rates.per_million), units: unitRates(rates.per_unit) }, ...above];
}

/** All rates of a price; groups that say nothing are left out. */
export function rateGroups(price: CatalogPrice): RateGroup[] {
  const tiers = Object.entries(price.service_tiers ?? {}).flatMap(([tier, rates]) => groupsOf(tier, rates));
  return [...groupsOf(null, price), ...tiers].filter((group) => group.tokens.length + group.units.length > 0);
}
