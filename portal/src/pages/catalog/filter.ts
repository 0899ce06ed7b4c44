// What the catalogue is narrowed to, as its address says it.
import type { components } from '../../api/schema';
import { known } from '../../api/types';

export type Modality = components['schemas']['Modality'];
export type Ability = components['schemas']['Ability'];

export const modalities = [
  'chat',
  'responses',
  'completion',
  'embedding',
  'rerank',
  'image',
  'image_edit',
  'video',
  'audio_speech',
  'audio_transcription',
  'realtime',
  'moderation',
  'ocr',
] as const satisfies Modality[];

export const abilities = [
  'tools',
  'parallel_tools',
  'json_schema',
  'reasoning',
  'vision',
  'pdf',
  'audio_in',
  'audio_out',
  'video_in',
  'web_search',
  'computer_use',
  'prompt_caching',
] as const satisfies Ability[];

export interface CatalogFilter {
  q?: string;
  provider?: string;
  modality?: (typeof modalities)[number];
  ability?: (typeof abilities)[number];
}

/** What the catalogue's address says: the filter, and the model that is looked at. */
export interface CatalogView extends CatalogFilter {
  /** `provider/model` */
  model?: string;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export function readCatalogFilter(search: Record<string, unknown>): CatalogView {
  return {
    model: text(search['model']),
    q: text(search['q']),
    provider: text(search['provider']),
    modality: known(modalities, String(search['modality'])),
    ability: known(abilities, String(search['ability'])),
  };
}
