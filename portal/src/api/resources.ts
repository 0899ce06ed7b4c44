// Lists and single resources of every kind: the operations that all kinds share.
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { bodyOf, client, idempotencyKey } from './client';
import type { Collection, Resource, Specs } from './types';

export interface ResourcePage<C extends Collection> {
  items: Resource<Specs[C]>[];
  next_cursor: string | null;
}

/** A resource with its entity tag, which the next change must name. */
export interface Loaded<S> {
  data: Resource<S>;
  etag: string | null;
}

export interface Draft<C extends Collection> {
  id?: string;
  team?: string;
  spec: Specs[C];
}

export interface ListFilter {
  q?: string;
  team?: string;
  application?: string;
}

interface PageQuery {
  limit: number;
  cursor?: string;
}

/*
 * The document has the same five operations for every kind, each with its own types. TypeScript cannot follow a
 * collection that is a parameter through them, so the operations of one kind stand for all here, and only here.
 */
const all = (collection: Collection) => `/${collection}` as '/providers';
const one = (collection: Collection) => `/${collection}/{id}` as '/providers/{id}';
const history = (collection: Collection) => `/${collection}/{id}/history` as '/providers/{id}/history';
const rollback = (collection: Collection) => `/${collection}/{id}/rollback` as '/providers/{id}/rollback';
const asProvider = <C extends Collection>(spec: Specs[C]) => spec as Specs['providers'];

function loaded<C extends Collection>(answer: { data?: unknown; response: Response }): Loaded<Specs[C]> {
  return { data: bodyOf(answer) as Resource<Specs[C]>, etag: answer.response.headers.get('etag') };
}

export async function readResource<C extends Collection>(collection: C, id: string, signal?: AbortSignal) {
  return loaded<C>(await client.GET(one(collection), { params: { path: { id } }, signal }));
}

/** All pages of a list up to the last one that was asked for. */
export function useResourceList<C extends Collection>(collection: C, filter: ListFilter = {}) {
  return useInfiniteQuery({
    queryKey: [collection, 'list', filter],
    initialPageParam: '',
    queryFn: ({ pageParam, signal }) =>
      readPage(collection, { ...filter, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

async function readPage<C extends Collection>(collection: C, query: ListFilter & PageQuery, signal: AbortSignal) {
  return bodyOf(await client.GET(all(collection), { params: { query }, signal })) as unknown as ResourcePage<C>;
}

/** Everything of a kind, for choosing from: where a list shows its first page only, the rest could not be chosen. */
export function useEvery<C extends Collection>(collection: C) {
  return useQuery({
    queryKey: [collection, 'list', 'every'],
    queryFn: async ({ signal }) => {
      const items: Resource<Specs[C]>[] = [];
      let cursor: string | null = null;
      do {
        const page: ResourcePage<C> = await readPage(collection, { limit: 500, ...(cursor ? { cursor } : {}) }, signal);
        items.push(...page.items);
        cursor = page.next_cursor;
      } while (cursor);
      return items;
    },
  });
}

/** The first of a kind that a text is found in; nothing for no text. */
export function useFound<C extends Collection>(collection: C, q: string) {
  return useQuery({
    queryKey: [collection, 'list', 'found', q],
    queryFn: async ({ signal }) => (await readPage(collection, { q, limit: 50 }, signal)).items,
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });
}

export function useResource<C extends Collection>(collection: C, id: string) {
  return useQuery({
    queryKey: [collection, 'one', id],
    queryFn: ({ signal }) => readResource(collection, id, signal),
    // A form is filled from it: it must not change under the reader's hands.
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    staleTime: 0,
  });
}

export function useCreate<C extends Collection>(collection: C) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, team, spec }: Draft<C>) =>
      loaded<C>(
        await client.POST(all(collection), {
          params: { header: { 'Idempotency-Key': idempotencyKey() } },
          body: { id, team, spec: asProvider(spec) },
        }),
      ),
    onSuccess: () => forget(cache, collection),
  });
}

export function useReplace<C extends Collection>(collection: C, id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async ({ draft: { team, spec }, etag }: { draft: Draft<C>; etag: string }) =>
      loaded<C>(
        await client.PUT(one(collection), {
          params: { path: { id }, header: { 'If-Match': etag } },
          body: { team, spec: asProvider(spec) },
        }),
      ),
    onSuccess: (answer) => {
      cache.setQueryData([collection, 'one', id], answer);
      return forget(cache, collection);
    },
  });
}

/** All versions, newest first. `version` is the one that the reader sees: a newer one is worth another look. */
export function useHistory(collection: Collection, id: string, version: number) {
  return useInfiniteQuery({
    queryKey: [collection, 'history', id, version],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return bodyOf(await client.GET(history(collection), { params: { path: { id }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Gives a resource the content of an earlier version, as a new one. */
export function useRollback<C extends Collection>(collection: C, id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async ({ version, etag }: { version: number; etag: string }) =>
      loaded<C>(
        await client.POST(rollback(collection), {
          params: { path: { id }, header: { 'If-Match': etag } },
          body: { version },
        }),
      ),
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
      client.DELETE(one(collection), { params: { path: { id }, header: { 'If-Match': etag } } }),
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
