import type { Session } from "#api/gen/types.gen.ts";
import { DeviceIcon } from "#sessions/device-icon.tsx";
import { Badge } from "#ui/badge.tsx";
import { Button, ButtonLink } from "#ui/button.tsx";
import { Time } from "#ui/time.tsx";
import { paths } from "#paths.ts";

interface SessionRowProps {
  session: Session;
  onEnd: () => void;
}

export function SessionRow({ session, onEnd }: SessionRowProps) {
  return (
    <li className="flex flex-wrap items-center gap-4 p-4">
      <DeviceIcon device={session.device} />
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          <span>{session.device}</span>
          {session.current && <Badge>This device</Badge>}
        </p>
        <p className="text-sm text-muted">
          from {session.ip}, last seen <Time value={session.last_seen_at} isRelative />
        </p>
        <p className="text-sm text-muted">
          signed in <Time value={session.created_at} isRelative />, ends{" "}
          <Time value={session.expires_at} isRelative />
        </p>
      </div>
      {session.current ? (
        <ButtonLink to={paths.logout()} variant="secondary" size="sm">
          Sign out
        </ButtonLink>
      ) : (
        <Button
          variant="secondary"
          size="sm"
          onClick={onEnd}
          aria-label={`End the session of ${session.device}`}
        >
          End session
        </Button>
      )}
    </li>
  );
}
