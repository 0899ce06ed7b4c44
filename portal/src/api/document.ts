// The admin API's own OpenAPI document: forms that are made of it know every field of the server they talk to.
import { useQuery } from '@tanstack/react-query';
import { guardedFetch } from './http';

/** As much of a JSON Schema as the document has. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  example?: unknown;
  default?: unknown;
  enum?: string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  oneOf?: Schema[];
  additionalProperties?: boolean | Schema;
}

export type Schemas = Record<string, Schema>;

/** The schemas by name. */
export function useSchemas() {
  return useQuery({
    queryKey: ['document'],
    queryFn: async ({ signal }) => {
      const answer = await guardedFetch(new Request('/api/v1/openapi.json', { signal }));
      const document = (await answer.json()) as { components: { schemas: Schemas } };
      return document.components.schemas;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}
