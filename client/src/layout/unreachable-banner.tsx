import { useAuth, useExpectedOrigin } from "#auth/session.ts";

/**
 * The server does not answer, or refuses a page that was opened at the wrong address. Nobody is signed out by that; the page
 * stays and recovers on its own. Not an Alert: every first visit would load the icons of all of its tones.
 */
export function UnreachableBanner() {
  const auth = useAuth();
  const origin = useExpectedOrigin();
  if (auth.status !== "unreachable") return null;
  return (
    <div
      role="status"
      className="mx-auto mb-6 max-w-3xl rounded-md bg-warning-soft p-3 text-sm text-warning-text"
    >
      {origin === undefined ? (
        <p>Cannot reach the server. Retrying automatically; what you see may be out of date.</p>
      ) : (
        <p>
          This page was opened at the wrong address. The address of this server is{" "}
          <a href={origin} className="underline underline-offset-4">
            {origin}
          </a>
          .
        </p>
      )}
    </div>
  );
}
