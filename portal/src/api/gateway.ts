// The gateway as the portal sees it: what can be called, what is known of vendors, where it listens.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { bodyOf, client, idempotencyKey } from './client';
import type { CallableModel, MadeKey } from './types';

export function useSystem() {
  return useQuery({
    queryKey: ['system'],
    queryFn: async ({ signal }) => bodyOf(await client.GET('/system', { signal })),
    staleTime: 60_000,
  });
}

/** A model that the catalogue does not know may be one for chats, too. */
const isForChats = ({ modality }: CallableModel) => !modality || modality === 'chat' || modality === 'responses';

/** What a chat can be had with. */
export function useChatModels() {
  const models = useModels();
  return { ...models, data: models.data?.filter(isForChats) };
}

export function useModels() {
  return useQuery({
    queryKey: ['models'],
    queryFn: async ({ signal }) => bodyOf(await client.GET('/models', { signal })).items,
  });
}

/** How the targets of model routes stand; asked again while somebody looks. */
export function useRouting() {
  return useQuery({
    queryKey: ['routing'],
    queryFn: async ({ signal }) => bodyOf(await client.GET('/routing', { signal })),
    refetchInterval: 2_000,
  });
}

export function useCatalog() {
  return useQuery({
    queryKey: ['catalog'],
    queryFn: async ({ signal }) => bodyOf(await client.GET('/catalog/providers', { signal })).items,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Models of the catalogue, page by page. */
export function useCatalogModels({
  q,
  ...filter
}: {
  q?: string;
  provider?: string;
  modality?: string;
  ability?: string;
}) {
  return useInfiniteQuery({
    queryKey: ['catalog', 'models', q, filter],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, search: q, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) };
      return bodyOf(await client.GET('/catalog/models', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** One real request to a provider. */
export function useTestProvider() {
  return useMutation({
    mutationFn: async (id: string) =>
      bodyOf(await client.POST('/providers/{id}/test', { params: { path: { id } }, body: { model: null } })),
  });
}

export interface NewKey {
  application: string;
  name: string;
  expires_at: string | null;
  /** Null: all that the application may call. */
  models: string[] | null;
}

export function useMakeKey() {
  const cache = useQueryClient();
  return useMutation({
    // The answer holds a secret: it must not stay in the cache of mutations.
    gcTime: 0,
    mutationFn: async ({ application, ...key }: NewKey) => {
      const params = { path: { id: application }, header: { 'Idempotency-Key': idempotencyKey() } };
      const answer = await client.POST('/applications/{id}/keys', {
        params,
        body: { ...key, services: null, providers: null },
      });
      // The document says only that `api_key` is an object; it is a resource like every other.
      return bodyOf(answer) as unknown as MadeKey;
    },
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: ['api-keys'] });
      void cache.invalidateQueries({ queryKey: ['overview'] });
    },
  });
}

export function useRevokeKey() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => client.POST('/api-keys/{id}/revoke', { params: { path: { id } } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['api-keys'] }),
  });
}
