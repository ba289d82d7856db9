import { useQueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy, Suspense, useEffect } from "react";
import { reasonSentence } from "#auth/reasons.ts";
import { leaveEndedSession, useAuth, usePageOwner } from "#auth/session.ts";

import type { SignInAgainDialogProps } from "#auth/sign-in-again-dialog.tsx";

const loadDialog = () => import("#auth/sign-in-again-dialog.tsx");
const SignInAgainDialog = lazy<ComponentType<SignInAgainDialogProps>>(() =>
  loadDialog().then(
    (chunk) => ({ default: chunk.SignInAgainDialog }),
    () => ({ default: WithoutDialog }),
  ),
);

/** The dialog cannot be had (a deploy has taken it away): the sign-in page does its work. */
function WithoutDialog() {
  const queryClient = useQueryClient();
  useEffect(() => {
    leaveEndedSession(queryClient);
  }, [queryClient]);
  return null;
}

/**
 * Stands over a page whose session has ended, until the person has signed in again or gives up. The page below stays as it
 * is, inert and out of sight; the calls that were refused wait (see gate.ts).
 */
export function SignInAgain() {
  const auth = useAuth();
  const owner = usePageOwner();
  const isOwned = owner !== null;
  useEffect(() => {
    // Fetched while all is well, so that it is there when it is needed; if not now, then later.
    if (isOwned) loadDialog().catch(() => undefined);
  }, [isOwned]);

  const isOpen = owner !== null && (auth.status === "ended" || auth.status === "signed-out");
  if (!isOpen) return null;
  const reason = auth.status === "ended" ? reasonSentence(auth.reason) : "You have been signed out.";
  return (
    <Suspense fallback={<div className="fixed inset-0 z-50 bg-page" />}>
      <SignInAgainDialog username={owner.username} reason={reason} />
    </Suspense>
  );
}
