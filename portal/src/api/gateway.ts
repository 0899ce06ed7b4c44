// The gateway as the portal sees it: what can be called, what is known of vendors, where it listens.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, idempotencyKey } from './http';
import type { ApiKey, CallableModel, CatalogProvider, Resource, System, TestResult } from './types';

export function useSystem() {
  return useQuery({
    queryKey: ['system'],
    queryFn: async ({ signal }) => (await call<System>('GET', '/system', { signal })).data,
    staleTime: 60_000,
  });
}

export function useModels() {
  return useQuery({
    queryKey: ['models'],
    queryFn: async ({ signal }) => (await call<{ items: CallableModel[] }>('GET', '/models', { signal })).data.items,
  });
}

export function useCatalog() {
  return useQuery({
    queryKey: ['catalog'],
    queryFn: async ({ signal }) =>
      (await call<{ items: CatalogProvider[] }>('GET', '/catalog/providers', { signal })).data.items,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** One real request to a provider. */
export function useTestProvider() {
  return useMutation({
    mutationFn: async ({ id, model }: { id: string; model?: string }) =>
      (await call<TestResult>('POST', `/providers/${encodeURIComponent(id)}/test`, { body: model ? { model } : {} }))
        .data,
  });
}

export interface NewKey {
  name?: string;
  expires_at?: string;
  models?: string[];
}
export interface MadeKey {
  /** The whole key, shown this once. */
  key: string;
  api_key: Resource<ApiKey>;
}

export function useMakeKey(application: string) {
  const cache = useQueryClient();
  return useMutation({
    // The answer holds a secret: it must not stay in the cache of mutations.
    gcTime: 0,
    mutationFn: async (key: NewKey) =>
      (
        await call<MadeKey>('POST', `/applications/${encodeURIComponent(application)}/keys`, {
          body: key,
          headers: { 'idempotency-key': idempotencyKey() },
        })
      ).data,
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: ['api-keys'] });
      void cache.invalidateQueries({ queryKey: ['overview'] });
    },
  });
}

export function useRevokeKey() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => call<unknown>('POST', `/api-keys/${encodeURIComponent(id)}/revoke`),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['api-keys'] }),
  });
}
