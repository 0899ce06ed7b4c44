// What has passed through: overview, usage sums, the request log, the audit trail.
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { call } from './http';
import type { AuditEntry, Overview, Page, RequestDetail, RequestRow, UsageReport } from './types';

export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: async ({ signal }) => (await call<Overview>('GET', '/overview', { signal })).data,
    refetchInterval: 15_000,
  });
}

export interface UsageQuery {
  from?: string;
  to?: string;
  group_by?: string;
  bucket?: string;
  team?: string;
  application?: string;
  key?: string;
  model?: string;
  provider?: string;
}

export function useUsage(query: UsageQuery) {
  return useQuery({
    queryKey: ['usage', query],
    queryFn: async ({ signal }) => (await call<UsageReport>('GET', '/usage', { query: { ...query }, signal })).data,
    placeholderData: keepPreviousData,
  });
}

export interface RequestQuery {
  from?: string;
  to?: string;
  application?: string;
  key?: string;
  model?: string;
  provider?: string;
  outcome?: string;
  status?: string;
  q?: string;
}

export function useRequests(query: RequestQuery) {
  return useInfiniteQuery({
    queryKey: ['requests', query],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) =>
      (await call<Page<RequestRow>>('GET', '/requests', { query: { ...query, limit: 50, cursor: pageParam }, signal }))
        .data,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useRequest(id: string) {
  return useQuery({
    queryKey: ['requests', 'one', id],
    queryFn: async ({ signal }) =>
      (await call<RequestDetail>('GET', `/requests/${encodeURIComponent(id)}`, { signal })).data,
  });
}

export function useAudit(query: { kind?: string; id?: string }) {
  return useInfiniteQuery({
    queryKey: ['audit', query],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) =>
      (await call<Page<AuditEntry>>('GET', '/audit', { query: { ...query, limit: 50, cursor: pageParam }, signal }))
        .data,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
