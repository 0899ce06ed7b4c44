// What conflict policies hold at this moment, taking it away, and which answer a request would get.
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { bodyOf, client } from './client';
import { guardedFetch } from './http';
import type { HeldKind, HeldPage, RequestRow, Simulation, SimulationRequest } from './types';

export interface HeldFilter {
  team?: string | undefined;
  store?: string | undefined;
}

/** What stands there changes by itself: it is asked again while somebody looks. */
export function useHeld(kind: HeldKind, filter: HeldFilter) {
  return useInfiniteQuery({
    queryKey: ['conflicts', 'held', kind, filter],
    initialPageParam: '',
    queryFn: async ({ pageParam, signal }) => {
      const query = new URLSearchParams({ kind, limit: '50' });
      for (const [name, value] of Object.entries({ ...filter, cursor: pageParam })) if (value) query.set(name, value);
      return readJson<HeldPage>(`/conflicts/held?${query}`, signal);
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: 3_000,
  });
}

async function readJson<T>(path: string, signal: AbortSignal): Promise<T> {
  const answer = await guardedFetch(new Request(`/api/v1${path}`, { signal }));
  return (await answer.json()) as T;
}

/** Breaks a lock or forgets a key; the reason is written to the audit trail. */
export function useTakeAway(kind: 'locks' | 'keys') {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ store, id, reason }: { store: string; id: string; reason: string }) => {
      const place = `${encodeURIComponent(store)}/${encodeURIComponent(id)}`;
      const query = new URLSearchParams({ reason });
      return guardedFetch(new Request(`/api/v1/conflicts/${kind}/${place}?${query}`, { method: 'DELETE' }));
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: ['conflicts', 'held', kind] }),
  });
}

/** Which answer a request would get, step by step. A mutation, because it is asked for. */
export function useSimulate() {
  return useMutation({
    mutationFn: async (request: SimulationRequest) => {
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify(request);
      const answer = await guardedFetch(new Request('/api/v1/conflicts/simulate', { method: 'POST', headers, body }));
      return (await answer.json()) as Simulation;
    },
  });
}

/** The statuses that conflict policies and conflicting upstreams answer with. */
export const conflictStatuses = [304, 400, 409, 412, 422, 423, 428, 429, 503] as const;
export type ConflictStatus = (typeof conflictStatuses)[number];

/** Requests of a status that are looked at to tell their routes apart. */
const mostRows = 500;

export interface StatusSample {
  status: ConflictStatus;
  /** Exact. */
  total: number;
  /** The latest of them. */
  rows: RequestRow[];
}

/** How many requests of REST routes ended with each of these statuses since `from`, and the latest of each. */
export function useConflictAnswers(from: string, team: string | undefined) {
  const filter = { traffic: 'rest', from, ...(team ? { team } : {}) };
  return useQuery({
    queryKey: ['conflicts', 'answers', filter],
    queryFn: async ({ signal }) => {
      const usage = { params: { query: { ...filter, group_by: 'status' as const } }, signal };
      const sums = bodyOf(await client.GET('/usage', usage)).rows;
      const totals = conflictStatuses.flatMap((status) => {
        const total = sums.find(({ group }) => group === String(status))?.requests ?? 0;
        return total > 0 ? [{ status, total }] : [];
      });
      return Promise.all(totals.map(({ status, total }) => sampleOf(filter, status, total, signal)));
    },
  });
}

async function sampleOf(
  filter: { traffic: string; from: string; team?: string },
  status: ConflictStatus,
  total: number,
  signal: AbortSignal,
): Promise<StatusSample> {
  const query = { ...filter, status: String(status), limit: mostRows };
  return { status, total, rows: bodyOf(await client.GET('/requests', { params: { query }, signal })).items };
}
