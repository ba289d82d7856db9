/**
 * The server's clock, as this page knows it. Every moment that the API names was read from it, so "5 minutes ago" and
 * "expires in 7 days" are relative to it and not to this device's clock, which may be wrong.
 */

/** How far the server's clock is ahead of this device's, in milliseconds. */
let offset = 0;
const followers = new Set<() => void>();

interface Reading {
  /** What the server's clock showed, in milliseconds since the epoch, rounded down to `precision`. */
  shown: number;
  precision: number;
  /** When the request was sent and when its response arrived, by this device's clock. */
  sent: number;
  received: number;
}

/** The present moment by the server's clock, in milliseconds since the epoch. */
export function serverNow(): number {
  return Date.now() + offset;
}

/** Corrects the clock. The server read its clock at some moment between `sent` and `received`: an offset that fits stays. */
export function readServerClock({ shown, precision, sent, received }: Reading): void {
  const least = shown - received;
  const most = shown + precision - sent;
  // This device's own clock was set meanwhile, or the header is not a date.
  if (!(least <= most) || (offset >= least && offset <= most)) return;
  offset = least <= 0 && most >= 0 ? 0 : (least + most) / 2;
  for (const follow of followers) follow();
}

/** Calls `follow` after each correction. Gives a function that stops. */
export function followServerClock(follow: () => void): () => void {
  followers.add(follow);
  return () => {
    followers.delete(follow);
  };
}

/** Reads the clock from the `Date` header of one of our server's responses, which has whole seconds (RFC 9110, 6.6.1). */
export function readDateHeader(response: Response, sent: number): void {
  // A captive portal's clock is its own.
  if (!response.headers.has("x-request-id")) return;
  const shown = Date.parse(response.headers.get("date") ?? "");
  readServerClock({ shown, precision: 1_000, sent, received: Date.now() });
}

/** Forgets what was read. For tests. */
export function resetServerClock(): void {
  offset = 0;
}
