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

interface Document {
  paths: Record<string, unknown>;
  components: { schemas: Schemas };
}

function useDocument<T>(select: (document: Document) => T) {
  return useQuery({
    queryKey: ['document'],
    queryFn: async ({ signal }) => {
      const answer = await guardedFetch(new Request('/api/v1/openapi.json', { signal }));
      return (await answer.json()) as Document;
    },
    select,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** The schemas by name. */
export const useSchemas = () => useDocument(({ components }) => components.schemas);

/** Whether the server has this path; undefined until that is known. */
export const useOffered = (path: string) =>
  useDocument(({ paths }) => Object.keys(paths).some((one) => one.endsWith(path))).data;
