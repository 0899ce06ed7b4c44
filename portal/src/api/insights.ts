// What has passed through: overview, usage sums, the request log, the audit trail.
import { hashKey, type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { bodyOf, client } from './client';
import { worthAwaiting } from './query-client';
import type { components } from './schema';
import type { RequestQuery, UsageQuery } from './types';

export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: async ({ signal }) => bodyOf(await client.GET('/overview', { signal })),
    refetchInterval: 5_000,
  });
}

export function useUsage(query: UsageQuery) {
  return useQuery({
    queryKey: ['usage', query],
    queryFn: async ({ signal }) => bodyOf(await client.GET('/usage', { params: { query }, signal })),
    placeholderData: keepPreviousData,
  });
}

type RequestPages = InfiniteData<components['schemas']['Page_RequestView'], string>;

export function useRequests({ from, ...filter }: Omit<RequestQuery, 'cursor'>) {
  return useInfiniteQuery({
    queryKey: ['requests', filter, from],
    // The same question from a later moment on: what is there stays until the answer comes.
    placeholderData: (before: RequestPages | undefined, query?: { queryKey: readonly unknown[] }) =>
      hashKey([query?.queryKey[1]]) === hashKey([filter]) ? before : undefined,
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, ...(from ? { from } : {}), limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return bodyOf(await client.GET('/requests', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useRequest(id: string) {
  return useQuery({
    queryKey: ['requests', 'one', id],
    queryFn: async ({ signal }) => bodyOf(await client.GET('/requests/{id}', { params: { path: { id } }, signal })),
    // The row of a request that has just ended is written within a second.
    retry: worthAwaiting,
    retryDelay: 400,
  });
}

export function useAudit() {
  return useInfiniteQuery({
    queryKey: ['audit'],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 50, ...(pageParam ? { cursor: pageParam } : {}) };
      return bodyOf(await client.GET('/audit', { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
