// The price of a model of the catalogue that is in force: what of it fits into a row.
import type { CatalogModel } from '../../api/types';

export interface ListPrice {
  /** Dollars for a million tokens; null when that is unknown, or it is not billed by tokens. */
  input: string | null;
  output: string | null;
  cacheRead: string | null;
  /** Whether there is more to it: rates by context or service tier, prices of other units. */
  more: boolean;
}

/** The row with the latest day that has begun; null when there is none, which is not free. */
export function priceNow(model: CatalogModel, today: string): ListPrice | null {
  const begun = (model.prices ?? []).filter((price) => price.effective_from <= today);
  const price = begun.sort((a, b) => b.effective_from.localeCompare(a.effective_from))[0];
  if (!price) return null;
  const rates = price.per_million;
  return {
    input: rates?.input ?? null,
    output: rates?.output ?? null,
    cacheRead: rates?.cache_read ?? null,
    more: Boolean(price.per_unit || price.context_tiers?.length || price.service_tiers || price.multipliers),
  };
}
