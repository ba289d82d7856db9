import { infiniteQueryOptions, skipToken, useQuery } from "@tanstack/react-query";
import { ApiError } from "#api/error.ts";
import { listUsers } from "#api/gen/sdk.gen.ts";

const CLOSED = ["directory-closed"] as const;

/** The directory, page by page. A server that keeps it for administrators says so in its answer, which is remembered. */
export function usersQuery({ q }: { q: string }) {
  return infiniteQueryOptions({
    queryKey: ["users", { q }],
    queryFn: async ({ pageParam, signal, client }) => {
      const query = { ...(q && { q }), ...(pageParam && { cursor: pageParam }) };
      try {
        const { data } = await listUsers({ query, signal, throwOnError: true });
        client.setQueryData(CLOSED, false);
        return data;
      } catch (error) {
        if (isForbidden(error)) client.setQueryData(CLOSED, true);
        throw error;
      }
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Whether only administrators may see the directory here. */
export function isForbidden(error: unknown): boolean {
  return error instanceof ApiError && error.code === "forbidden";
}

/** Whether links to the directory lead anywhere, as far as the server has said. */
export function useHasDirectory(): boolean {
  const closed = useQuery<boolean>({
    queryKey: CLOSED,
    queryFn: skipToken,
    gcTime: Infinity,
    staleTime: Infinity,
  });
  return closed.data !== true;
}
