import { infiniteQueryOptions } from "@tanstack/react-query";
import { listUsers } from "#api/gen/sdk.gen.ts";

/** The directory, page by page. */
export function usersQuery({ q }: { q: string }) {
  return infiniteQueryOptions({
    queryKey: ["users", { q }],
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...(q && { q }), ...(pageParam && { cursor: pageParam }) };
      const { data } = await listUsers({ query, signal, throwOnError: true });
      return data;
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
