import { CloudOff } from "lucide-react";
import { ApiError } from "#api/error.ts";
import { errorSentence } from "#api/error-sentence.ts";
import { Button } from "#ui/button.tsx";
import { Empty } from "#ui/empty.tsx";

interface LoadErrorProps {
  error: Error;
  retry: () => void;
  isRetrying: boolean;
}

/** Something could not be loaded: why, and the way to try again. */
export function LoadError({ error, retry, isRetrying }: LoadErrorProps) {
  return (
    <div role="alert">
      <Empty icon={CloudOff} title={errorSentence(error)}>
        {error instanceof ApiError && error.status >= 500 && (
          <p className="text-sm text-muted">
            Request <code className="text-xs">{error.requestId}</code>
          </p>
        )}
        <Button variant="secondary" onClick={retry} pending={isRetrying}>
          Try again
        </Button>
      </Empty>
    </div>
  );
}
