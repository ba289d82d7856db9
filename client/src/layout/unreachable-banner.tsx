import { useAuth } from "#auth/session.ts";
import { Alert } from "#ui/alert.tsx";

/** The server does not answer. Nobody is signed out by that; the page stays and comes back to life by itself. */
export function UnreachableBanner() {
  const auth = useAuth();
  if (auth.status !== "unreachable") return null;
  return (
    <div className="mx-auto mb-6 max-w-3xl">
      <Alert tone="warning">
        Cannot reach the server. Trying again by itself; what you see may be out of date.
      </Alert>
    </div>
  );
}
