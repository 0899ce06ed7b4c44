// Who is signed in, the first user, and the CSRF token that comes with a session.
import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { bodyOf, client } from './client';
import { setCsrfToken } from './http';
import { Problem } from './problem';
import type { Session } from './types';

export const sessionKey = ['session'];

let email = '';
/** Of whoever was signed in last in this page; kept in memory only. */
export const lastEmail = () => email;

/** The session, or null when nobody is signed in. */
export async function readSession(): Promise<Session | null> {
  try {
    const session = bodyOf(await client.GET('/session'));
    setCsrfToken(session.csrf_token);
    email = session.user.email;
    return session;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

export async function setupNeeded(): Promise<boolean> {
  return bodyOf(await client.GET('/setup')).needed;
}

export function useSession() {
  return useQuery({ queryKey: sessionKey, queryFn: readSession, staleTime: 60_000 });
}

function begin(cache: QueryClient, session: Session) {
  setCsrfToken(session.csrf_token);
  // Somebody else must not see what was read for the one before.
  if (email && email !== session.user.email) cache.clear();
  email = session.user.email;
  cache.setQueryData(sessionKey, session);
}

export function useSignIn() {
  const cache = useQueryClient();
  return useMutation({
    gcTime: 0,
    mutationFn: async (body: { email: string; password: string }) => bodyOf(await client.POST('/session', { body })),
    onSuccess: (session) => begin(cache, session),
  });
}

/** Makes the first user and signs them in. */
export function useSetup() {
  const cache = useQueryClient();
  return useMutation({
    gcTime: 0,
    mutationFn: async (body: { token: string; email: string; name: string; password: string }) =>
      bodyOf(await client.POST('/setup', { body })),
    onSuccess: (session) => begin(cache, session),
  });
}

export function useSignOut() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => client.DELETE('/session'),
    onSuccess: () => {
      setCsrfToken(null);
      cache.clear();
      cache.setQueryData(sessionKey, null);
    },
  });
}
