// Lists and single resources of every kind: the five operations that all kinds share.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Answer, call, idempotencyKey } from './http';
import type { Collection, Resource, Specs } from './types';

export interface ResourcePage<C extends Collection> {
  items: Resource<Specs[C]>[];
  next_cursor: string | null;
}

const address = (collection: Collection, id: string) => `/${collection}/${encodeURIComponent(id)}`;

/** All pages of a list up to the one that was asked for, newest filter first in the cache key. */
export function useResourceList<C extends Collection>(
  collection: C,
  filter: { q?: string; team?: string; application?: string } = {},
) {
  return useInfiniteQuery({
    queryKey: [collection, 'list', filter],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) =>
      (
        await call<ResourcePage<C>>('GET', `/${collection}`, {
          query: { ...filter, limit: 100, cursor: pageParam },
          signal,
        })
      ).data,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** A resource with its entity tag, which the next change must name. */
export function useResource<C extends Collection>(collection: C, id: string) {
  return useQuery({
    queryKey: [collection, 'one', id],
    queryFn: ({ signal }) => call<Resource<Specs[C]>>('GET', address(collection, id), { signal }),
    // A form is filled from it: it must not change under the reader's hands.
    refetchOnWindowFocus: false,
    staleTime: 0,
  });
}

export interface Draft<C extends Collection> {
  id?: string;
  team?: string;
  spec: Specs[C];
}

export function useCreate<C extends Collection>(collection: C) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (draft: Draft<C>): Promise<Answer<Resource<Specs[C]>>> =>
      call('POST', `/${collection}`, { body: draft, headers: { 'idempotency-key': idempotencyKey() } }),
    onSuccess: () => forget(cache, collection),
  });
}

export function useReplace<C extends Collection>(collection: C, id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ draft, etag }: { draft: Draft<C>; etag: string }): Promise<Answer<Resource<Specs[C]>>> =>
      call('PUT', address(collection, id), {
        body: { team: draft.team, spec: draft.spec },
        headers: { 'if-match': etag },
      }),
    onSuccess: (answer) => {
      cache.setQueryData([collection, 'one', id], answer);
      return forget(cache, collection);
    },
  });
}

export function useDelete(collection: Collection) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ id, etag }: { id: string; etag: string }) =>
      call<undefined>('DELETE', address(collection, id), { headers: { 'if-match': etag } }),
    onSuccess: () => forget(cache, collection),
  });
}

/** Lists and counts elsewhere may show what has just changed. */
async function forget(cache: ReturnType<typeof useQueryClient>, collection: Collection) {
  await Promise.all([
    cache.invalidateQueries({ queryKey: [collection, 'list'] }),
    cache.invalidateQueries({ queryKey: ['overview'] }),
    cache.invalidateQueries({ queryKey: ['models'] }),
  ]);
}
