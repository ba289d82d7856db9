import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { LoadError } from "#api/load-error.tsx";
import type { Token } from "#api/gen/types.gen.ts";
import { CreateTokenDialog } from "#tokens/create-token-dialog.tsx";
import { tokensQuery } from "#tokens/queries.ts";
import { RevokeTokenDialog } from "#tokens/revoke-token-dialog.tsx";
import { Badge } from "#ui/badge.tsx";
import { Button } from "#ui/button.tsx";
import { Card } from "#ui/card.tsx";
import { Empty } from "#ui/empty.tsx";
import { RowsSkeleton } from "#ui/skeleton.tsx";
import { Time } from "#ui/time.tsx";
import { useNow } from "#ui/use-now.ts";

/** The person's tokens for scripts: make one, see whether it is used, revoke it. */
export function TokensSection() {
  const tokens = useQuery(tokensQuery());
  const [open, setOpen] = useState<Token | "new" | null>(null);
  const [said, setSaid] = useState<{ sentence: string } | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  const close = () => {
    setOpen(null);
  };
  const done = (sentence: string) => {
    close();
    setSaid({ sentence });
  };
  useEffect(() => {
    // Not before the dialog is gone: until then the page is inert.
    if (said !== null) heading.current?.focus();
  }, [said]);

  return (
    <section aria-labelledby="tokens" className="mt-12">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <h2
          id="tokens"
          ref={heading}
          tabIndex={-1}
          className="text-lg font-semibold tracking-tight outline-none"
        >
          Tokens for scripts
        </h2>
        <Button
          variant="secondary"
          size="sm"
          onClick={() => {
            setOpen("new");
          }}
        >
          New token
        </Button>
      </div>
      <p role="status" className="min-h-7 py-0.5 text-sm text-muted">
        {said?.sentence}
      </p>
      <Card>
        {tokens.isPending && <RowsSkeleton rows={1} label="Loading your tokens" />}
        {tokens.isError && tokens.data === undefined && (
          <LoadError
            error={tokens.error}
            retry={() => void tokens.refetch()}
            isRetrying={tokens.isFetching}
          />
        )}
        {tokens.data?.length === 0 && (
          <Empty icon={KeyRound} title="You have no tokens">
            <p className="max-w-prose text-sm text-muted">
              A token lets a script use the API as you, without your password.
            </p>
          </Empty>
        )}
        <ul className="divide-y divide-line">
          {tokens.data?.map((token) => (
            <TokenRow
              key={token.id}
              token={token}
              onRevoke={() => {
                setOpen(token);
              }}
            />
          ))}
        </ul>
      </Card>
      {open === "new" && <CreateTokenDialog onClose={close} onDone={done} />}
      {open !== null && open !== "new" && <RevokeTokenDialog token={open} onClose={close} onDone={done} />}
    </section>
  );
}

function TokenRow({ token, onRevoke }: { token: Token; onRevoke: () => void }) {
  const now = useNow(30_000);
  const hasEnded = Date.parse(token.expires_at) <= now;
  return (
    <li className="flex flex-wrap items-center gap-4 p-4">
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-2 font-medium break-words">
          {token.name}
          <Badge>{token.scopes.includes("write") ? "Read and change" : "Read only"}</Badge>
        </p>
        <p className="text-sm text-muted">
          {token.last_used_at ? (
            <span>
              last used <Time value={token.last_used_at} isRelative />
            </span>
          ) : (
            <span>never used</span>
          )}
          <span>
            , {hasEnded ? "expired" : "expires"} <Time value={token.expires_at} isRelative />
          </span>
        </p>
      </div>
      <Button variant="secondary" size="sm" onClick={onRevoke} aria-label={`Revoke the token ${token.name}`}>
        {hasEnded ? "Remove" : "Revoke"}
      </Button>
    </li>
  );
}
