import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { until } from "#auth/until.ts";

type State = "idle" | "asked" | "proved" | "refused";

const KEY = ["reauth"] as const;

/** Whether the person is being asked for the password once more. Nothing is fetched: calls that wait and the dialog meet here. */
export function reauthQuery() {
  return queryOptions({ queryKey: KEY, queryFn: (): State => "idle", initialData: "idle", enabled: false });
}

export const loadDialog = () => import("#auth/reauth-dialog.tsx");

/** Asks the person for the password, because the server wants to be sure. `true` when the server now is. */
export async function askForPassword(queryClient: QueryClient): Promise<boolean> {
  // Where a deploy has taken the dialog away, the call gets the refusal that it was held back with.
  if (!(await loadDialog().catch(() => false))) return false;
  settleReauth(queryClient, "asked");
  return until(queryClient, () => {
    const state = queryClient.getQueryData<State>(KEY);
    return state === "asked" ? undefined : state === "proved";
  });
}

export function settleReauth(queryClient: QueryClient, state: State): void {
  queryClient.setQueryData<State>(KEY, state);
}
