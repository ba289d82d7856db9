import { useQuery } from "@tanstack/react-query";
import { KeyRound, MonitorOff } from "lucide-react";
import { type ReactNode, useState } from "react";
import { errorSentence } from "#api/error-sentence.ts";
import { LoadError } from "#api/load-error.tsx";
import {
  personSessionsQuery,
  personTokensQuery,
  useEndPersonSessions,
  useResetLink,
  useRevokePersonTokens,
} from "#admin/queries.ts";
import { Alert } from "#ui/alert.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { ConfirmButtons } from "#ui/confirm-buttons.tsx";
import { CopyOnceDialog } from "#ui/copy-once-dialog.tsx";
import { Dialog } from "#ui/dialog.tsx";
import { Empty } from "#ui/empty.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";

interface PersonProps {
  id: string;
  name: string;
}

/** A link through which somebody chooses a new password, to be handed over. */
export function ResetLink({ id, name, isDisabled }: PersonProps & { isDisabled: boolean }) {
  const reset = useResetLink(id);
  return (
    <Section id="reset" title="Forgotten password" intro="A link through which they choose a new one, once.">
      <div className="grid justify-items-start gap-4 p-4">
        {reset.error && <Alert tone="danger">{errorSentence(reset.error)}</Alert>}
        {isDisabled ? (
          <p className="text-sm text-muted">Let them sign in again first.</p>
        ) : (
          <Button
            variant="secondary"
            pending={reset.isPending}
            onClick={() => {
              reset.mutate(undefined);
            }}
          >
            Make a reset link
          </Button>
        )}
      </div>
      {reset.data && (
        <CopyOnceDialog
          title={reset.data.mailed ? `We have mailed this link to ${name}` : `Send this link to ${name}`}
          description="It lets them choose a new password and ends their sessions. It is shown this once, and good for a day."
          text={reset.data.url}
          onClose={reset.reset}
        />
      )}
    </Section>
  );
}

export function PersonSessions({ id, name }: PersonProps) {
  const sessions = useQuery(personSessionsQuery(id));
  const end = useEndPersonSessions(id);
  return (
    <Section id="person-sessions" title="Sessions" intro="Where they are signed in.">
      {sessions.isPending && <RowsSkeleton rows={2} label="Loading sessions" />}
      {sessions.isError && sessions.data === undefined && (
        <LoadError
          error={sessions.error}
          retry={() => void sessions.refetch()}
          isRetrying={sessions.isFetching}
        />
      )}
      {sessions.data?.length === 0 && <Empty icon={MonitorOff} title="Signed in nowhere" />}
      <Rows
        rows={sessions.data?.map((session) => ({
          id: session.id,
          title: session.device,
          about: (
            <span>
              from {session.ip}, last seen <Time value={session.last_seen_at} isRelative />
            </span>
          ),
        }))}
        label="End all sessions"
        question={`End all sessions of ${name}?`}
        end={end}
      />
    </Section>
  );
}

export function PersonTokens({ id, name }: PersonProps) {
  const tokens = useQuery(personTokensQuery(id));
  const revoke = useRevokePersonTokens(id);
  return (
    <Section id="person-tokens" title="Tokens for scripts" intro="What their scripts sign in with.">
      {tokens.isPending && <RowsSkeleton rows={1} label="Loading tokens" />}
      {tokens.isError && tokens.data === undefined && (
        <LoadError error={tokens.error} retry={() => void tokens.refetch()} isRetrying={tokens.isFetching} />
      )}
      {tokens.data?.length === 0 && <Empty icon={KeyRound} title="No tokens" />}
      <Rows
        rows={tokens.data?.map((token) => ({
          id: token.id,
          title: token.name,
          about: (
            <span>
              {token.scopes.join(" and ")}, ends <Time value={token.expires_at} isRelative />
            </span>
          ),
        }))}
        label="Revoke all tokens"
        question={`Revoke all tokens of ${name}?`}
        end={revoke}
      />
    </Section>
  );
}

interface RowsProps {
  rows: { id: string; title: string; about: ReactNode }[] | undefined;
  label: string;
  question: string;
  end: ReturnType<typeof useEndPersonSessions>;
}

/** What gives access, and the button that takes all of it away, also where the list cannot be loaded. */
function Rows({ rows, label, question, end }: RowsProps) {
  const [isAsking, setAsking] = useState(false);
  if (rows?.length === 0) return null;
  const close = () => {
    setAsking(false);
  };
  return (
    <>
      <ul className="divide-y divide-line">
        {rows?.map((row) => (
          <li key={row.id} className="p-4">
            <p className="font-medium">{row.title}</p>
            <p className="text-sm text-muted">{row.about}</p>
          </li>
        ))}
      </ul>
      <div className="border-t border-line p-4">
        <Button
          variant="secondary"
          size="sm"
          onClick={() => {
            setAsking(true);
          }}
        >
          {label}
        </Button>
      </div>
      {isAsking && (
        <Dialog title={question} description="It takes effect at once." onClose={close}>
          <ConfirmButtons
            problem={end.error ? errorSentence(end.error) : undefined}
            pending={end.isPending}
            label={label}
            onCancel={close}
            onConfirm={() => {
              end.mutate(undefined, { onSuccess: close });
            }}
          />
        </Dialog>
      )}
    </>
  );
}

interface SectionProps {
  id: string;
  title: string;
  intro: string;
  children: ReactNode;
}

export function Section({ id, title, intro, children }: SectionProps) {
  return (
    <section aria-labelledby={id} className="mt-10">
      <h2 id={id} className="text-lg font-semibold tracking-tight">
        {title}
      </h2>
      <p className="mt-1 mb-4 text-sm text-muted">{intro}</p>
      <Card>{children}</Card>
    </section>
  );
}
