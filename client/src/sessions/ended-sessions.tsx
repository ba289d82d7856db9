import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SessionStatus } from "#api/gen/types.gen.ts";
import { endedSessionsQuery } from "#sessions/queries.ts";
import { DeviceIcon } from "#sessions/device-icon.tsx";
import { Card } from "#ui/card.tsx";
import { LoadError } from "#api/load-error.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";

const words = {
  active: "active",
  logged_out: "signed out",
  revoked: "ended before its time",
  expired: "expired",
} satisfies Record<SessionStatus, string>;

/** The person's own history; asked for only when it is opened. */
export function EndedSessions() {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="mt-6"
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary className="w-fit rounded-sm py-2 text-sm font-medium text-muted hover:text-text">
        Recently ended
      </summary>
      {isOpen && <EndedList />}
    </details>
  );
}

function EndedList() {
  const ended = useQuery(endedSessionsQuery());
  return (
    <Card>
      {ended.isPending && <RowsSkeleton rows={2} label="Loading ended sessions" />}
      {ended.isError && ended.data === undefined && (
        <LoadError error={ended.error} retry={() => void ended.refetch()} isRetrying={ended.isFetching} />
      )}
      {ended.data?.length === 0 && (
        <p className="p-4 text-sm text-muted">No session has ended in the last 30 days.</p>
      )}
      <ul className="divide-y divide-line">
        {ended.data?.map((session) => (
          <li key={session.id} className="flex items-center gap-4 p-4">
            <DeviceIcon device={session.device} />
            <div>
              <p className="font-medium">
                {session.device} <span className="font-normal text-muted">({words[session.status]})</span>
              </p>
              <p className="text-sm text-muted">
                from {session.ip}, signed in <Time value={session.created_at} />, last seen{" "}
                <Time value={session.last_seen_at} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}
