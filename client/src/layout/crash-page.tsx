import { ApiError } from "#api/error.ts";
import { paths } from "#paths.ts";
import { Button, ButtonLink } from "#ui/button.tsx";
import { Page } from "#ui/page.tsx";

interface CrashPageProps {
  error: unknown;
  reset: () => void;
}

/** A page that could not be shown: what happened, and two ways on. */
export function CrashPage({ error, reset }: CrashPageProps) {
  return (
    <Page
      title="Something went wrong"
      intro="This page could not be shown. Nothing you have saved is lost. Try again, or go home."
    >
      <div className="mt-6 flex flex-wrap gap-3">
        <Button onClick={reset}>Try again</Button>
        <ButtonLink to={paths.home()} variant="secondary">
          Go home
        </ButtonLink>
      </div>
      <details className="mt-8 text-sm text-muted">
        <summary>Details</summary>
        <p className="mt-2">{error instanceof Error ? error.message : String(error)}</p>
        {error instanceof ApiError && <p>Request {error.requestId}</p>}
      </details>
    </Page>
  );
}
