import type { QueryClient } from "@tanstack/react-query";
import type { Problem } from "#api/gen/types.gen.ts";
import { askForPassword } from "#auth/reauth.ts";
import { SESSION_KEY, type SessionData, knownUser, sessionQuery } from "#auth/session.ts";
import { until } from "#auth/until.ts";

/**
 * Decides what becomes of a call that was refused. Answered 401, it waits until the same person has signed in again over the
 * page, and then goes on; nobody who made it needs to know. It is given up when the person gives up, or another one signs
 * in. Where the server wants the password once more, it waits for that in the same way.
 */
export function createGate(queryClient: QueryClient) {
  return async (problem: Problem): Promise<boolean> => {
    const person = knownUser(queryClient);
    if (person === null) return false;
    if (problem.code === "reauth_required") return askForPassword(queryClient);
    // A burst of 401s is one question: a fetch that is under way is shared.
    await queryClient.query({ ...sessionQuery(), staleTime: 0 }).catch(() => undefined);
    return until(queryClient, () => {
      const data = queryClient.getQueryData<SessionData>(SESSION_KEY);
      if (data?.status === "signed-in") return data.user.id === person.id;
      return data?.last?.id === person.id ? undefined : false;
    });
  };
}
