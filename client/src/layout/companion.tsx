import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { NewSignIns } from "#activity/new-sign-ins.tsx";
import { client } from "#api/gen/client.gen.ts";
import { keepTrue } from "#auth/live.ts";
import { SESSION_KEY, useAuth, usePageOwner } from "#auth/session.ts";
import { SignInAgain } from "#auth/sign-in-again.tsx";
import { tellOtherTabs } from "#auth/tabs.ts";

/** What stands above the page of somebody who is signed in, or was until just now. */
export function Questions() {
  const auth = useAuth();
  const owner = usePageOwner();
  return owner && <NewSignIns key={owner.id} isSignedIn={auth.status === "signed-in"} />;
}

/** What goes along with every such page, and stands over it when its session has ended. */
export function Companion() {
  const queryClient = useQueryClient();
  const auth = useAuth();
  const sessionId = auth.status === "signed-in" ? auth.user.session?.id : undefined;
  useEffect(() => {
    if (sessionId === undefined) return;
    const life = new AbortController();
    const send = client.getConfig().fetch ?? fetch;
    const ask = () => queryClient.invalidateQueries({ queryKey: SESSION_KEY });
    keepTrue({ send, ask, tell: tellOtherTabs }, life.signal);
    return () => {
      life.abort();
    };
  }, [queryClient, sessionId]);
  return <SignInAgain />;
}
