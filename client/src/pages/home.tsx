import { useQuery } from "@tanstack/react-query";
import { Monitor, Search } from "lucide-react";
import { type Auth, useAuth, usePageOwner } from "#auth/session.ts";
import { reasonSentence } from "#auth/reasons.ts";
import type { Me } from "#api/gen/types.gen.ts";
import { paths } from "#paths.ts";
import { ServerClock } from "#pages/home/server-clock.tsx";
import { Alert } from "#ui/alert.tsx";
import { Badge } from "#ui/badge.tsx";
import { ButtonLink } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { Page } from "#ui/page.tsx";
import { PageSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";
import { activeSessionsQuery } from "#sessions/queries.ts";
import { useHasDirectory } from "#users/queries.ts";

export function HomePage() {
  const auth = useAuth();
  const owner = usePageOwner();
  if (auth.status === "loading") return <PageSkeleton />;
  return owner ? <PersonHome user={owner} /> : <StrangerHome auth={auth} />;
}

function StrangerHome({ auth }: { auth: Auth }) {
  return (
    <Page
      title="Welcome"
      heading="Sign in once, and know where you are signed in"
      intro="Hallpass keeps you signed in on the devices you trust, shows you every one of them, and lets you end any of them at once."
    >
      {auth.status === "ended" && (
        <div className="mt-6">
          <Alert tone="info">{reasonSentence(auth.reason)}</Alert>
        </div>
      )}
      <div className="mt-8 flex flex-wrap gap-3">
        <ButtonLink to={paths.login()}>Sign in</ButtonLink>
      </div>
      <div className="mt-12 border-t border-line pt-6">
        <ServerClock />
      </div>
    </Page>
  );
}

function PersonHome({ user }: { user: Me }) {
  const sessions = useQuery(activeSessionsQuery());
  const hasDirectory = useHasDirectory();
  const current = sessions.data?.find((session) => session.current);
  return (
    <Page title="Home" heading={`Hello, ${user.full_name || user.username}`}>
      <div className="mt-8 grid gap-6 md:grid-cols-2">
        <Card>
          <dl className="grid gap-4 p-6">
            <Row label="Username">
              <span>{user.username}</span> {user.role === "admin" && <Badge>Administrator</Badge>}
            </Row>
            <Row label="E-mail address">{user.email ?? <span className="text-muted">none</span>}</Row>
            <Row label="Member since">
              <Time value={user.created_at} />
            </Row>
          </dl>
        </Card>
        <Card>
          <dl className="grid gap-4 p-6">
            <Row label="This device">{current?.device ?? <span className="text-muted">…</span>}</Row>
            {user.session && (
              <>
                <Row label="Signed in">
                  <Time value={user.session.created_at} isRelative />
                </Row>
                <Row label="Signed in until">
                  <Time value={user.session.expires_at} />
                </Row>
              </>
            )}
          </dl>
        </Card>
      </div>
      <div className="mt-6 flex flex-wrap gap-3">
        {hasDirectory && (
          <ButtonLink to={paths.search()} variant="secondary">
            <Search size={16} aria-hidden />
            Find people
          </ButtonLink>
        )}
        <ButtonLink to={paths.account()} variant="secondary">
          <Monitor size={16} aria-hidden />
          See your sessions
        </ButtonLink>
      </div>
      <div className="mt-12 border-t border-line pt-6">
        <ServerClock />
      </div>
    </Page>
  );
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="grid gap-0.5">
      <dt className="text-sm text-muted">{label}</dt>
      <dd className="font-medium">{children}</dd>
    </div>
  );
}
