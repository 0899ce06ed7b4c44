// Who is signed in, the first user, and the CSRF token that comes with a session.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { call, setCsrfToken } from './http';
import { Problem } from './problem';

export interface Session {
  user: { id: string; email: string; name: string; role: string };
  csrf_token: string;
}

export const sessionKey = ['session'];

/** The session, or null when nobody is signed in. */
export async function readSession(): Promise<Session | null> {
  try {
    const { data } = await call<Session>('GET', '/session');
    setCsrfToken(data.csrf_token);
    return data;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

export async function setupNeeded(): Promise<boolean> {
  return (await call<{ needed: boolean }>('GET', '/setup')).data.needed;
}

export function useSession() {
  return useQuery({ queryKey: sessionKey, queryFn: readSession, staleTime: 60_000 });
}

export function useSignIn() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (who: { email: string; password: string }) =>
      (await call<Session>('POST', '/session', { body: who })).data,
    onSuccess: (session) => {
      setCsrfToken(session.csrf_token);
      cache.setQueryData(sessionKey, session);
    },
  });
}

/** Makes the first user and signs them in. */
export function useSetup() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: async (form: { token: string; email: string; name: string; password: string }) =>
      (await call<Session>('POST', '/setup', { body: form })).data,
    onSuccess: (session) => {
      setCsrfToken(session.csrf_token);
      cache.setQueryData(sessionKey, session);
    },
  });
}

export function useSignOut() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: () => call<undefined>('DELETE', '/session'),
    onSuccess: () => {
      setCsrfToken(null);
      cache.clear();
      cache.setQueryData(sessionKey, null);
    },
  });
}
