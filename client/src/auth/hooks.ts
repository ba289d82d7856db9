import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { LoginRequest } from "#api/gen/types.gen.ts";
import { signIn, signOut } from "#auth/actions.ts";
import { SESSION_KEY, useAuth } from "#auth/session.ts";
import { followSession } from "#auth/tabs.ts";
import { serverNow } from "#ui/server-clock.ts";

export function useSignIn() {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn: (credentials: LoginRequest) => signIn(queryClient, credentials) });
}

export function useSignOut() {
  const queryClient = useQueryClient();
  return useMutation({ mutationFn: () => signOut(queryClient) });
}

/** Timers count in 32 bits of milliseconds; a longer wait would fire at once. */
const LONGEST_WAIT = 2_147_483_647;

/** Keeps the session true: follows other tabs, and asks again at the moment it ends. Mounted once. */
export function useFollowSession(): void {
  const queryClient = useQueryClient();
  useEffect(() => followSession(queryClient), [queryClient]);

  const auth = useAuth();
  const expiresAt = auth.status === "signed-in" ? auth.user.session?.expires_at : undefined;
  useEffect(() => {
    if (expiresAt === undefined) return;
    const wait = Math.max(0, Date.parse(expiresAt) - serverNow()) + 1_000;
    if (wait > LONGEST_WAIT) return;
    const timer = setTimeout(() => void queryClient.invalidateQueries({ queryKey: SESSION_KEY }), wait);
    return () => {
      clearTimeout(timer);
    };
  }, [queryClient, expiresAt]);
}
