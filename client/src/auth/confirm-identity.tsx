import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { loadDialog, reauthQuery } from "#auth/reauth.ts";
import { usePageOwner } from "#auth/session.ts";

const ReauthDialog = lazy(async () => ({ default: (await loadDialog()).ReauthDialog }));

/** Stands over a page while the server wants the password once more (see gate.ts). */
export function ConfirmIdentity() {
  const { data: state } = useQuery(reauthQuery());
  const owner = usePageOwner();
  if (state !== "asked" || owner === null) return null;
  return (
    <Suspense>
      <ReauthDialog username={owner.username} />
    </Suspense>
  );
}
