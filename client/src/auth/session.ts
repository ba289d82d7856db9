import { type QueryClient, type UseQueryOptions, queryOptions, useQuery } from "@tanstack/react-query";
import { ApiError } from "#api/error.ts";
import { me } from "#api/gen/sdk.gen.ts";
import type { EndReason, Me } from "#api/gen/types.gen.ts";

/**
 * What the server last said about the session. `last` is who was signed in when it ended under an open page: as long as
 * it is set the page stays as it is and asks that person to sign in again.
 */
export type SessionData =
  | { status: "signed-in"; user: Me }
  | { status: "signed-out"; last: Me | null }
  | { status: "ended"; reason: EndReason; at: string; last: Me | null };

/**
 * The four honest states, and `loading`, the absence of an answer. `unreachable` keeps the last known user: a network error
 * or a 503 signs nobody out.
 */
export type Auth =
  | { status: "loading" }
  | { status: "signed-in"; user: Me }
  | { status: "signed-out" }
  | { status: "ended"; reason: EndReason; at: string }
  | { status: "unreachable"; user: Me | null };

export const SESSION_KEY = ["session"] as const;
const RETRY_EVERY = 3_000;

/** Who is signed in. Only the answer of `GET /me` decides; every other call just makes it be asked again. */
export function sessionQuery() {
  return queryOptions({
    queryKey: SESSION_KEY,
    queryFn: ({ client, signal }) => fetchSession(client, signal),
    retry: false,
    // A page that mounts because there is no answer would ask again, and unmount while it waits.
    retryOnMount: false,
    gcTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: true,
    refetchOnReconnect: "always",
    refetchInterval: (query) => (query.state.status === "error" ? RETRY_EVERY : false),
    refetchIntervalInBackground: true,
  } satisfies UseQueryOptions<SessionData, Error, SessionData, typeof SESSION_KEY>);
}

async function fetchSession(queryClient: QueryClient, signal: AbortSignal): Promise<SessionData> {
  const before = knownUser(queryClient);
  try {
    const { data: user } = await me({ throwOnError: true, signal });
    if (before !== null && before.id !== user.id) dropOthers(queryClient);
    return { status: "signed-in", user };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    return error.ended
      ? { status: "ended", ...error.ended, last: before }
      : { status: "signed-out", last: before };
  }
}

/** Who is, or was until just now, signed in on this page. */
export function knownUser(queryClient: QueryClient): Me | null {
  const data = queryClient.getQueryData<SessionData>(SESSION_KEY);
  if (data === undefined) return null;
  return data.status === "signed-in" ? data.user : data.last;
}

/** Forgets what was loaded for somebody else. */
function dropOthers(queryClient: QueryClient): void {
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });
  queryClient.getMutationCache().clear();
}

/** Makes this page nobody's, without asking the server: sign-out, here or in another tab. */
export async function forgetSession(queryClient: QueryClient): Promise<void> {
  // An answer of GET /me that is still under way would sign the person in again.
  await queryClient.cancelQueries();
  const signedOut: SessionData = { status: "signed-out", last: null };
  queryClient.setQueryData(SESSION_KEY, signedOut);
  dropOthers(queryClient);
}

/** Gives up signing in again: the page is nobody's, but says why. */
export function leaveEndedSession(queryClient: QueryClient): void {
  queryClient.setQueryData<SessionData>(SESSION_KEY, (data) =>
    data === undefined || data.status === "signed-in" ? data : { ...data, last: null },
  );
  dropOthers(queryClient);
}

/** Who is signed in, as the four states. However many components ask, the server is asked once. */
export function useAuth(): Auth {
  const { data, isError, errorUpdateCount } = useQuery(sessionQuery());
  // Asking again after a failure is not loading: the page stays.
  if (isError || (data === undefined && errorUpdateCount > 0))
    return { status: "unreachable", user: data?.status === "signed-in" ? data.user : (data?.last ?? null) };
  if (data === undefined) return { status: "loading" };
  if (data.status === "ended") return { status: "ended", reason: data.reason, at: data.at };
  return data.status === "signed-out" ? { status: "signed-out" } : data;
}

/** The origin under which the app works, where the server refuses this page because it was opened under another one. */
export function useExpectedOrigin(): string | undefined {
  const { error } = useQuery(sessionQuery());
  return error instanceof ApiError ? error.expectedOrigin : undefined;
}

/** The person this page belongs to: signed in, or asked to sign in again over the page. `null` for strangers. */
export function usePageOwner(): Me | null {
  const { data } = useQuery(sessionQuery());
  if (data === undefined) return null;
  return data.status === "signed-in" ? data.user : data.last;
}
