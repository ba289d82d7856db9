import { type QueryClient } from "@tanstack/react-query";
import { SESSION_KEY, forgetSession } from "#auth/session.ts";

/** What a tab tells the others: that something changed, never who or with which token. */
type Change = "signed-out" | "changed";

const CHANNEL = "hallpass";

/** Tells the other tabs of this browser. */
export function tellOtherTabs(change: Change = "changed"): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ change });
  channel.close();
}

/** Follows the other tabs. Gives a function that stops. */
export function followSession(queryClient: QueryClient): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event: MessageEvent<{ change?: Change }>) => {
    if (event.data.change === "signed-out") void forgetSession(queryClient);
    else void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
  };

  return () => {
    channel.close();
  };
}
