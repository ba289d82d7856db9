import { useAuth } from "#auth/session.ts";

/**
 * The server does not answer. Nobody is signed out by that; the page stays and recovers on its own. Not an Alert: every first
 * visit would load the icons of all of its tones.
 */
export function UnreachableBanner() {
  const auth = useAuth();
  if (auth.status !== "unreachable") return null;
  return (
    <div
      role="status"
      className="mx-auto mb-6 max-w-3xl rounded-md bg-warning-soft p-3 text-sm text-warning-text"
    >
      Cannot reach the server. Retrying automatically; what you see may be out of date.
    </div>
  );
}
