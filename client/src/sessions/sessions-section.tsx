import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import type { Session } from "#api/gen/types.gen.ts";
import { EndOthersDialog, EndSessionDialog } from "#sessions/end-dialogs.tsx";
import { EndedSessions } from "#sessions/ended-sessions.tsx";
import { activeSessionsQuery } from "#sessions/queries.ts";
import { SessionRow } from "#sessions/session-row.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { LoadError } from "#api/load-error.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";

/** Where the person is signed in: this device first, and the way to end the others. */
export function SessionsSection() {
  const sessions = useQuery(activeSessionsQuery());
  const [ending, setEnding] = useState<Session | "others" | null>(null);
  const [said, setSaid] = useState<{ sentence: string } | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const sorted = [...(sessions.data ?? [])].sort((one, other) => Number(other.current) - Number(one.current));
  const others = sorted.filter((session) => !session.current);

  const close = () => {
    setEnding(null);
  };
  const done = (sentence: string) => {
    close();
    setSaid({ sentence });
  };
  useEffect(() => {
    // The button that was pressed is gone with its row. Not before the dialog is: until then the page is inert.
    if (said !== null) heading.current?.focus();
  }, [said]);

  return (
    <section aria-labelledby="sessions" className="mt-8">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2
          id="sessions"
          ref={heading}
          tabIndex={-1}
          className="text-lg font-semibold tracking-tight outline-none"
        >
          Sessions
        </h2>
        {others.length > 0 && (
          <Button
            variant="secondary"
            size="sm"
            onClick={() => {
              setEnding("others");
            }}
          >
            End all others
          </Button>
        )}
      </div>
      <p role="status" className="min-h-7 py-0.5 text-sm text-muted">
        {said?.sentence}
      </p>
      <Card>
        {sessions.isPending && <RowsSkeleton rows={2} label="Loading your sessions" />}
        {sessions.isError && sessions.data === undefined && (
          <LoadError
            error={sessions.error}
            retry={() => void sessions.refetch()}
            isRetrying={sessions.isFetching}
          />
        )}
        {sorted.length > 0 && (
          <ul className="divide-y divide-line">
            {sorted.map((session) => (
              <SessionRow
                key={session.id}
                session={session}
                onEnd={() => {
                  setEnding(session);
                }}
              />
            ))}
          </ul>
        )}
      </Card>
      {sessions.isSuccess && others.length === 0 && (
        <p className="mt-3 text-sm text-muted">You are signed in nowhere else.</p>
      )}
      <EndedSessions />
      {ending === "others" && <EndOthersDialog count={others.length} onClose={close} onDone={done} />}
      {ending !== null && ending !== "others" && (
        <EndSessionDialog session={ending} onClose={close} onDone={done} />
      )}
    </section>
  );
}
