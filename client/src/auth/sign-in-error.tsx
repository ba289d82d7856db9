import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { CookieRefused } from "#auth/actions.ts";
import { Alert } from "#ui/alert.tsx";
import { useCountdown } from "#ui/use-countdown.ts";

interface SignInErrorProps {
  error: Error | null;
  /** Whether what is wrong with a field stands beside it. */
  areFieldsShown?: boolean;
}

/** Why signing in did not work, counting down where waiting helps. */
export function SignInError({ error, areFieldsShown = false }: SignInErrorProps) {
  const wait = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
  const left = useCountdown(wait, error);
  const isBesideField = areFieldsShown && error instanceof ApiError && Object.keys(error.fields).length > 0;
  if (error === null || isBesideField) return null;
  const sentence = error instanceof CookieRefused ? error.message : errorSentence(error);
  return (
    <Alert tone="danger">
      {sentence}
      {left > 0 && <span className="tabular-nums"> You can try again in {left} s.</span>}
    </Alert>
  );
}
