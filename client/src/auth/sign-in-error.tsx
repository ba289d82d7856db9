import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { CookieRefused } from "#auth/actions.ts";
import { retryAfter } from "#auth/use-wait.ts";
import { Alert } from "#ui/alert.tsx";

interface SignInErrorProps {
  error: Error | null;
  /** Seconds until trying again makes sense, as `useWait` counts them. */
  wait: number;
  /** Whether what is wrong with a field stands beside it. */
  areFieldsShown?: boolean;
}

/** Why signing in did not work, counting down where waiting helps. */
export function SignInError({ error, wait, areFieldsShown = false }: SignInErrorProps) {
  const isBesideField = areFieldsShown && error instanceof ApiError && Object.keys(error.fields).length > 0;
  if (error === null || isBesideField) return null;
  return (
    <Alert tone="danger">
      <span>{sentence(error)}</span>
      {error instanceof ApiError && error.expectedOrigin && <RightAddress origin={error.expectedOrigin} />}
      {retryAfter(error) > 0 && <When wait={wait} from={retryAfter(error)} />}
    </Alert>
  );
}

/** This page under the address at which it works. */
function RightAddress({ origin }: { origin: string }) {
  const { pathname, search, hash } = location;
  return (
    <a href={origin + pathname + search + hash} className="mt-1 block underline underline-offset-4">
      Open it at {origin}
    </a>
  );
}

function sentence(error: Error): string {
  if (error instanceof CookieRefused) return error.message;
  const isGuessing = error instanceof ApiError && error.code === "too_many_attempts";
  return isGuessing && retryAfter(error) > 0 ? "Too many attempts." : errorSentence(error);
}

/** The alert is read out whenever its text changes: to who listens it says how long the wait is, and when it is over. */
function When({ wait, from }: { wait: number; from: number }) {
  if (wait === 0) return <span> You can try again now.</span>;
  return (
    <>
      <span className="sr-only"> Try again in {amount(from, " minutes", " seconds")}.</span>
      <span className="tabular-nums" aria-hidden>
        {" "}
        Try again in {amount(wait, "\u00a0min", "\u00a0s")}.
      </span>
    </>
  );
}

function amount(seconds: number, minutes: string, few: string): string {
  return seconds > 90 ? `${String(Math.ceil(seconds / 60))}${minutes}` : `${String(seconds)}${few}`;
}
