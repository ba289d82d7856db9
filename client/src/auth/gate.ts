import type { QueryClient } from "@tanstack/react-query";
import { SESSION_KEY, type SessionData, knownUser, sessionQuery } from "#auth/session.ts";

/**
 * Decides what becomes of a call that was answered 401: it waits until the same person has signed in again over the page,
 * and then goes on; nobody who made it needs to know. It is given up when the person gives up, or another one signs in.
 */
export function createGate(queryClient: QueryClient) {
  return async (): Promise<boolean> => {
    const person = knownUser(queryClient);
    if (person === null) return false;
    // A burst of 401s is one question: a fetch that is under way is shared.
    await queryClient.query({ ...sessionQuery(), staleTime: 0 }).catch(() => undefined);
    return until(queryClient, (data) => {
      if (data?.status === "signed-in") return data.user.id === person.id;
      return data?.last?.id === person.id ? undefined : false;
    });
  };
}

/** Waits for the session to be such that `verdict` has one. */
function until(
  queryClient: QueryClient,
  verdict: (data: SessionData | undefined) => boolean | undefined,
): Promise<boolean> {
  const current = () => verdict(queryClient.getQueryData<SessionData>(SESSION_KEY));
  return new Promise((resolve) => {
    const settle = () => {
      const decided = current();
      if (decided === undefined) return;
      unsubscribe();
      resolve(decided);
    };
    const unsubscribe = queryClient.getQueryCache().subscribe(settle);
    settle();
  });
}
