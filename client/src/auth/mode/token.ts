import { errorOf } from "#api/client.ts";
import { ApiError } from "#api/error.ts";
import type { Problem, TokenAnswer } from "#api/gen/types.gen.ts";
import type { AuthMode } from "#auth/mode/mode.ts";
import { readDateHeader, readServerClock, serverNow } from "#ui/server-clock.ts";

/** An access token, in memory and nowhere else. */
interface Held {
  token: string;
  /** When it expires, by the server's clock, in milliseconds since the epoch. */
  endsAt: number;
}

/** What tabs tell each other: a newer token, or that there is none any more. Only tabs of this origin hear it. */
interface Word {
  held: Held | null;
  /** The sender's reading of the server's clock: the receiver may not have read it yet. */
  now: number;
}

const CHANNEL = "hallpass-token";
/** How long before its end a token is renewed. */
const AHEAD = 30_000;

/**
 * A JSON Web Token in memory, and a refresh token in a cookie that no script sees. The token is renewed shortly before its
 * end, by one tab for all of them; after a reload the cookie gives a new one. It listens and renews until `life` is over.
 */
export function createTokenMode(life: AbortSignal = new AbortController().signal): AuthMode {
  let held: Held | null = null;
  let isStart = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const channel = new BroadcastChannel(CHANNEL);

  const isFresh = (token: Held | null): boolean => token !== null && serverNow() < token.endsAt - AHEAD;

  const hold = (next: Held | null) => {
    held = next;
    isStart = false;
    clearTimeout(timer);
    if (next !== null) timer = setTimeout(renewIfDue, Math.max(1_000, next.endsAt - AHEAD - serverNow()));
  };
  const tell = (next: Held | null) => {
    hold(next);
    channel.postMessage({ held: next, now: serverNow() } satisfies Word);
  };
  channel.onmessage = (event: MessageEvent<Word>) => {
    const heard = Date.now();
    readServerClock({ shown: event.data.now, precision: 1_000, sent: heard, received: heard });
    hold(event.data.held);
  };

  const accept = async (response: Response): Promise<void> => {
    const answer = (await response.json()) as TokenAnswer;
    tell({ token: answer.access_token, endsAt: serverNow() + answer.expires_in * 1_000 });
  };

  /** Renews; gives the server's answer where it has refused. */
  const renew = async (): Promise<Response | null> => {
    const sent = Date.now();
    const response = await fetch("/api/refresh-token", { method: "POST" });
    readDateHeader(response, sent);
    if (response.ok) {
      await accept(response);
      return null;
    }
    // Trouble is no verdict: the token, if there is one, is as good as it was.
    if (response.status === 401) hold(null);
    return response;
  };

  let underWay: Promise<Response | null> | undefined;
  /** One renewal at a time, in this tab and, where the browser has locks, in all tabs. */
  const renewOnce = (): Promise<Response | null> => {
    underWay ??= exclusively(async () => (isFresh(held) ? null : renew())).finally(() => {
      underWay = undefined;
    });
    return underWay;
  };

  const renewIfDue = () => {
    if (held !== null && !isFresh(held)) renewOnce().catch(() => undefined);
  };
  // Timers stand still while a machine sleeps or a page rests.
  document.addEventListener("visibilitychange", renewIfDue, { signal: life });
  addEventListener("pageshow", renewIfDue, { signal: life });
  addEventListener("online", renewIfDue, { signal: life });
  life.addEventListener("abort", () => {
    clearTimeout(timer);
    channel.close();
  });

  const withToken = (request: Request): Request => {
    const copy = request.clone();
    if (held !== null) copy.headers.set("authorization", `Bearer ${held.token}`);
    return copy;
  };

  const signIn: AuthMode["signIn"] = async ({ username, password, remember }) => {
    const body = new URLSearchParams({ grant_type: "password", username, password });
    if (remember === false) body.set("remember", "false");
    const sent = Date.now();
    const response = await fetch("/api/token", { method: "POST", body });
    readDateHeader(response, sent);
    if (response.ok) return accept(response);
    throw (await oauthError(response)) ?? (await errorOf(response));
  };

  return {
    send: async (request) => {
      const wantsToKnow = new URL(request.url).pathname === "/api/me";
      // Strangers are asked for once, and whenever the app wants to know who is there.
      const refusal = !isFresh(held) && (held !== null || isStart || wantsToKnow) ? await renewOnce() : null;
      if (refusal !== null && (wantsToKnow || refusal.status !== 401)) return refusal.clone();
      const sent = held;
      const response = await fetch(withToken(request));
      if (response.status !== 401 || sent === null || (await codeOf(response)) !== "not_authenticated")
        return response;
      // The server does not know the token (any more), though it should be good: perhaps its keys have changed.
      if (held === sent) hold(null);
      return (await renewOnce()) ?? fetch(withToken(request));
    },

    signIn,

    // The account's own session is a cookie's; this build wants tokens.
    enter: signIn,

    signOut: async () => {
      const headers: HeadersInit = held === null ? {} : { authorization: `Bearer ${held.token}` };
      const response = await fetch("/api/logout", { method: "POST", headers });
      if (!response.ok) throw await errorOf(response);
      tell(null);
    },
  };
}

/** Without locks (plain http, old browsers) tabs may renew at the same time; the server gives both the same answer. */
function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // The types promise locks everywhere; insecure contexts have none.
  const { locks } = navigator as { locks?: LockManager | null };
  return locks ? locks.request("hallpass-renew", work) : work();
}

async function codeOf(response: Response): Promise<string | undefined> {
  const problem = (await response
    .clone()
    .json()
    .catch(() => undefined)) as Partial<Problem> | undefined;
  return problem?.code;
}

/** A wrong password is told in OAuth's own form (RFC 6749 section 5.2). */
async function oauthError(response: Response): Promise<ApiError | undefined> {
  if (response.status !== 400) return undefined;
  const { error } = (await response
    .clone()
    .json()
    .catch(() => ({}))) as { error?: string };
  if (error === undefined) return undefined;
  const code = error === "invalid_grant" ? "invalid_credentials" : "invalid_input";
  const requestId = response.headers.get("x-request-id") ?? "";
  return new ApiError({
    type: `urn:ietf:rfc:6749:${error}`,
    title: error,
    status: 401,
    code,
    request_id: requestId,
  });
}
