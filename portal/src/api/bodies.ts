// What requests and answers held: read and erased on demand, never by itself.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { bodyOf, client } from './client';

/** Reads what a request held. A mutation, because the reading is written down. */
export function useReadBodies(id: string) {
  return useMutation({
    mutationFn: async () => bodyOf(await client.GET('/requests/{id}/bodies', { params: { path: { id } } })),
  });
}

export function useEraseBodies(id: string) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => client.DELETE('/requests/{id}/bodies', { params: { path: { id } } }),
    onSuccess: () => cache.invalidateQueries({ queryKey: ['requests', 'one', id] }),
  });
}

/** Erases what all requests of a team held up to now; tells of how many there was anything. */
export function useEraseBodiesOfTeam(id: string) {
  return useMutation({
    mutationFn: async () => bodyOf(await client.DELETE('/teams/{id}/bodies', { params: { path: { id } } })).erased,
  });
}
