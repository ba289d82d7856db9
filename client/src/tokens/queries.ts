import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { createToken, listTokens, revokeToken } from "#api/gen/sdk.gen.ts";
import type { CreateToken } from "#api/gen/types.gen.ts";

/** One's tokens for scripts; the server allows fewer than a page of them. */
export function tokensQuery() {
  return queryOptions({
    queryKey: ["tokens"],
    queryFn: async ({ signal }) => {
      const { data } = await listTokens({ query: { limit: 100 }, signal, throwOnError: true });
      return data.items;
    },
  });
}

function useListAgain() {
  const queryClient = useQueryClient();
  return () => queryClient.invalidateQueries({ queryKey: ["tokens"] });
}

export function useCreateToken() {
  const listAgain = useListAgain();
  return useMutation({
    mutationFn: async (body: CreateToken) => {
      const { data } = await createToken({ body, throwOnError: true });
      return data;
    },
    onSettled: listAgain,
    // It holds the secret: nothing of it stays when the dialog is closed.
    gcTime: 0,
  });
}

export function useRevokeToken() {
  const listAgain = useListAgain();
  return useMutation({
    mutationFn: (id: string) => revokeToken({ path: { id }, throwOnError: true }),
    onSettled: listAgain,
  });
}
