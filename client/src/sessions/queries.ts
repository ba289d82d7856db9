import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { endOtherSessions, endSession, listSessions } from "#api/gen/sdk.gen.ts";

/** One's sessions that live; the server allows fewer than a page of them. */
export function activeSessionsQuery() {
  return queryOptions({
    queryKey: ["sessions", "active"],
    queryFn: async ({ signal }) => {
      const { data } = await listSessions({
        query: { status: "active", limit: 100 },
        signal,
        throwOnError: true,
      });
      return data.items;
    },
  });
}

/** One's latest sessions that have ended. */
export function endedSessionsQuery() {
  return queryOptions({
    queryKey: ["sessions", "ended"],
    queryFn: async ({ signal }) => {
      const { data } = await listSessions({ query: { limit: 100 }, signal, throwOnError: true });
      return data.items.filter((session) => session.status !== "active").slice(0, 20);
    },
  });
}

/** Both lists change together. */
function useListsAgain() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: ["sessions"] });
}

export function useEndSession() {
  const listsAgain = useListsAgain();
  return useMutation({
    mutationFn: (id: string) => endSession({ path: { id }, throwOnError: true }),
    onSettled: listsAgain,
  });
}

export function useEndOtherSessions() {
  const listsAgain = useListsAgain();
  return useMutation({
    mutationFn: async () => {
      const { data } = await endOtherSessions({ throwOnError: true });
      return data.ended;
    },
    onSettled: listsAgain,
  });
}
