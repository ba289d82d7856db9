import { createSseClient } from "#api/gen/core/serverSentEvents.gen.ts";

/** The server says something every 15 seconds; a connection that is silent for longer is dead, whatever the system thinks. */
const SILENCE = 40_000;
const LONGEST_PAUSE = 30_000;
const LONGEST_HIDDEN = 10_000;

/** What following needs of the app. Given, not imported: this file is loaded later than the rest. */
interface App {
  /** Sends a call as all others are sent. */
  send: typeof fetch;
  /** Asks the server who is signed in. */
  ask: () => Promise<void>;
  /** Makes the other tabs ask. */
  tell: () => void;
}

/** Keeps what a page shows true while somebody is signed in, until `signal`. */
export function keepTrue(app: App, signal: AbortSignal): void {
  hideWhatComesBack(app, signal);
  followEvents(app, signal);
}

/** The back/forward cache brings a page back as it was, perhaps to somebody else: it is hidden until that is known. */
function hideWhatComesBack({ ask }: App, signal: AbortSignal): void {
  const { style } = document.documentElement;
  const onHide = (event: PageTransitionEvent) => {
    if (event.persisted) style.visibility = "hidden";
  };
  const onShow = async (event: PageTransitionEvent) => {
    // Without an answer the page is loaded anew, and says itself what is wrong.
    const reload = setTimeout(() => {
      location.reload();
    }, LONGEST_HIDDEN);
    if (event.persisted) await ask();
    clearTimeout(reload);
    style.visibility = "";
  };
  signal.addEventListener("abort", () => {
    style.visibility = "";
  });
  addEventListener("pagehide", onHide, { signal });
  addEventListener("pageshow", (event) => void onShow(event), { signal });
}

/**
 * Follows the server's events until `signal`, in one tab for all tabs of this browser: HTTP/1.1 has six connections for
 * them together. The next tab takes over when this one is closed. Browsers have no locks on plain http; there the tabs ask
 * when they are looked at, and no more.
 */
function followEvents(app: App, signal: AbortSignal): void {
  const { locks } = navigator as { locks?: LockManager | null };
  locks?.request("hallpass-events", { signal }, () => follow(app, signal)).catch(() => undefined);
}

async function follow({ send, ask, tell }: App, signal: AbortSignal): Promise<void> {
  const onNews = () => {
    void ask();
    tell();
  };
  for (let failures = 0; !signal.aborted; failures += 1) {
    const connection = new AbortController();
    // AbortSignal.any() is younger than the browsers that are supported.
    const hangUp = () => {
      connection.abort();
    };
    signal.addEventListener("abort", hangUp);
    let silence: ReturnType<typeof setTimeout> | undefined;
    const listen = () => {
      clearTimeout(silence);
      silence = setTimeout(hangUp, SILENCE);
    };
    listen();
    const { stream } = createSseClient({
      url: "/api/events",
      method: "GET",
      fetch: async (request) => {
        const response = await send(request);
        if (response.status === 401) onNews();
        // A captive portal answers with a page of its own.
        const kind = response.headers.get("content-type") ?? "";
        if (!kind.startsWith("text/event-stream")) throw new TypeError("not an event stream");
        return response;
      },
      signal: connection.signal,
      sseMaxRetryAttempts: 1,
      onSseEvent: ({ event }) => {
        listen();
        if (event !== undefined) onNews();
        failures = 0;
      },
    });
    while (!(await stream.next()).done);
    clearTimeout(silence);
    signal.removeEventListener("abort", hangUp);
    await pause(Math.min(1_000 * 2 ** failures, LONGEST_PAUSE) * (0.5 + Math.random() / 2), signal);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
