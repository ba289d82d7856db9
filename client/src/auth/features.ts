import { queryOptions, useQuery } from "@tanstack/react-query";
import { getFeatures } from "#api/gen/sdk.gen.ts";

function featuresQuery() {
  return queryOptions({
    queryKey: ["features"],
    queryFn: async ({ signal }) => {
      const { data } = await getFeatures({ signal, throwOnError: true });
      return data;
    },
    staleTime: 60_000,
  });
}

/**
 * What this server offers people who are not signed in. Without an answer, pages offer everything: the server then refuses
 * what it does not offer, and signing in works all the same.
 */
export function useFeatures() {
  const { data, isPending } = useQuery(featuresQuery());
  return { features: data, isPending };
}
