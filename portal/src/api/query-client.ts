// The cache of server state, and when a failed read is worth repeating.
import { QueryClient } from '@tanstack/react-query';
import { Problem } from './problem';

/** A refusal stays one; only a lost connection or a failing server may mend itself. */
export const worthAgain = (count: number, error: Error): boolean =>
  count < 2 && (!(error instanceof Problem) || error.status >= 500);

/** The same for what is written a moment after it is known of: what is missing may still come. */
export const worthAwaiting = (count: number, error: Error): boolean =>
  error instanceof Problem && error.status === 404 ? count < 5 : worthAgain(count, error);

export const queryClient = new QueryClient({
  defaultOptions: {
    // Whether the browser is online says nothing of a server that may run on the same machine.
    queries: { staleTime: 10_000, retry: worthAgain, networkMode: 'always' },
    mutations: { networkMode: 'always' },
  },
});
