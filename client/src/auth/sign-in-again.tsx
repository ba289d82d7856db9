import { reasonSentence } from "#auth/reasons.ts";
import { useAuth, usePageOwner } from "#auth/session.ts";
import { SignInAgainDialog } from "#auth/sign-in-again-dialog.tsx";

/**
 * Stands over a page whose session has ended, until the person has signed in again or gives up. The page below stays as it
 * is, inert and out of sight; the calls that were refused wait (see gate.ts).
 */
export function SignInAgain() {
  const auth = useAuth();
  const owner = usePageOwner();
  if (owner === null || (auth.status !== "ended" && auth.status !== "signed-out")) return null;
  const reason = auth.status === "ended" ? reasonSentence(auth.reason) : "You have been signed out.";
  return <SignInAgainDialog username={owner.username} reason={reason} />;
}
