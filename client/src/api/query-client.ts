import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { isTrouble } from "#api/error.ts";

/**
 * The cache. Trouble (no network, 5xx) is tried again twice; what the server decided is not. A call that meets trouble
 * makes the session be asked for again, so that the app knows whether the server is there at all.
 */
export function createQueryClient(sessionKey: readonly unknown[]): QueryClient {
  const [root] = sessionKey;
  const askAgain = (error: unknown) => {
    if (isTrouble(error)) void client.invalidateQueries({ queryKey: sessionKey }, { cancelRefetch: false });
  };
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (query.queryKey[0] !== root) askAgain(error);
      },
    }),
    mutationCache: new MutationCache({ onError: askAgain }),
    defaultOptions: {
      queries: {
        // "Paused" says nothing to anybody; an error does.
        networkMode: "always",
        retry: (count, error) => isTrouble(error) && count < 2,
        retryDelay: (attempt) => 300 * 2 ** attempt,
        staleTime: 5_000,
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
  return client;
}
