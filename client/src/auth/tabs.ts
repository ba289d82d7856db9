import { type QueryClient } from "@tanstack/react-query";
import { SESSION_KEY, forgetSession } from "#auth/session.ts";

/** What a tab tells the others: that something changed, never who or with which token. */
type Change = "signed-in" | "signed-out";

const CHANNEL = "hallpass";

/** Tells the other tabs of this browser. */
export function tellOtherTabs(change: Change): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ change });
  channel.close();
}

/** Follows the other tabs, the clock and the network. Gives a function that stops. */
export function followSession(queryClient: QueryClient): () => void {
  const askAgain = () => void queryClient.invalidateQueries({ queryKey: SESSION_KEY });

  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = (event: MessageEvent<{ change?: Change }>) => {
    if (event.data.change === "signed-out") void forgetSession(queryClient);
    else askAgain();
  };

  // The back/forward cache brings a page back as it was, perhaps to somebody else.
  const onPageShow = (event: PageTransitionEvent) => {
    if (event.persisted) askAgain();
  };
  addEventListener("pageshow", onPageShow);
  return () => {
    channel.close();
    removeEventListener("pageshow", onPageShow);
  };
}
