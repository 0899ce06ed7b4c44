// Kinds of tokens, each with its name in a price and in the ledger: two of them differ.
import type { CatalogRates, Tokens } from './types';

export type Rate = keyof NonNullable<CatalogRates['per_million']>;

/** In the order in which people read them; what a kind is called stands in the messages by its name in a price. */
export const buckets: readonly { rate: Rate; tokens: keyof Tokens }[] = [
  { rate: 'input', tokens: 'input_uncached' },
  { rate: 'cache_read', tokens: 'cache_read' },
  { rate: 'cache_write_5m', tokens: 'cache_write_5m' },
  { rate: 'cache_write_1h', tokens: 'cache_write_1h' },
  { rate: 'output', tokens: 'output_text' },
  { rate: 'reasoning', tokens: 'reasoning' },
  { rate: 'audio_in', tokens: 'audio_in' },
  { rate: 'audio_out', tokens: 'audio_out' },
  { rate: 'image_in', tokens: 'image_in' },
  { rate: 'image_out', tokens: 'image_out' },
  { rate: 'cache_read_audio', tokens: 'cache_read_audio' },
  { rate: 'cache_read_image', tokens: 'cache_read_image' },
  { rate: 'video_in', tokens: 'video_in' },
];
