import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "#api/error.ts";
import { createTokenMode } from "#auth/mode/token.ts";
import { ended, notSignedIn, problem, server } from "#testing/server.ts";
import { readServerClock, resetServerClock, serverNow } from "#ui/server-clock.ts";

const ME = "http://localhost:3000/api/me";
const YEAR = 31_536_000_000;
const NOW = Date.parse("2026-01-02T12:00:00Z");
const USERS = "http://localhost:3000/api/users";

let life: AbortController;
const newTab = () => createTokenMode(life.signal);

let renewals: number;
let seen: (string | null)[];
let answerRenewal: () => Response;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"] });
  life = new AbortController();
  renewals = 0;
  seen = [];
  answerRenewal = () => given(`renewed-${String(renewals)}`);
  server.use(
    http.post("*/api/refresh-token", () => {
      renewals += 1;
      return answerRenewal();
    }),
    http.get("*/api/*", ({ request }) => {
      seen.push(request.headers.get("authorization"));
      return HttpResponse.json({});
    }),
  );
});

afterEach(() => {
  life.abort();
  vi.useRealTimers();
});

function given(token: string, seconds = 300, date?: number) {
  const headers: HeadersInit =
    date === undefined ? {} : { date: new Date(date).toUTCString(), "x-request-id": "r-1" };
  return HttpResponse.json({ access_token: token, token_type: "bearer", expires_in: seconds }, { headers });
}

/** What one tab has said reaches the others in a task of its own. */
const heard = () => new Promise((done) => setImmediate(() => setImmediate(done)));

const get = (mode: ReturnType<typeof createTokenMode>, url: string) => mode.send(new Request(url));

test("a reload gets a token from the cookie, once, and sends it from then on", async () => {
  const mode = newTab();
  await Promise.all([get(mode, ME), get(mode, USERS), get(mode, USERS)]);
  await get(mode, USERS);
  expect(renewals).toBe(1);
  expect(seen).toEqual(Array(4).fill("Bearer renewed-1"));
});

test("a token is renewed thirty seconds before its end, without being asked", async () => {
  const mode = newTab();
  await get(mode, ME);
  await vi.advanceTimersByTimeAsync(269_000);
  expect(renewals).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  await vi.waitFor(
    () => {
      expect(renewals).toBe(2);
    },
    { timeout: 10_000 },
  );
});

test("a machine that has slept renews when it wakes, before the next call goes out", async () => {
  const mode = newTab();
  await get(mode, ME);
  vi.setSystemTime(Date.now() + 3_600_000);
  await get(mode, USERS);
  expect(renewals).toBe(2);
  expect(seen.at(-1)).toBe("Bearer renewed-2");
  vi.setSystemTime(Date.now() + 3_600_000);
  document.dispatchEvent(new Event("visibilitychange"));
  await vi.waitFor(
    () => {
      expect(renewals).toBe(3);
    },
    { timeout: 10_000 },
  );
});

test("strangers are asked for once, and whenever the app wants to know", async () => {
  answerRenewal = notSignedIn;
  const mode = newTab();
  await get(mode, USERS);
  await get(mode, USERS);
  expect([renewals, seen]).toEqual([1, [null, null]]);
  const me = await get(mode, ME);
  expect([me.status, renewals]).toEqual([401, 2]);
});

test("why the session ended is told", async () => {
  answerRenewal = () => ended("revoked");
  const me = await get(newTab(), ME);
  expect(await me.json()).toMatchObject({ code: "session_ended", reason: "revoked" });
});

test("trouble is no verdict", async () => {
  const mode = newTab();
  await get(mode, ME);
  vi.setSystemTime(Date.now() + 3_600_000);
  answerRenewal = () => problem(503, "unavailable");
  expect((await get(mode, USERS)).status).toBe(503);
  answerRenewal = () => HttpResponse.error();
  await expect(get(mode, USERS)).rejects.toThrow();
  answerRenewal = () => given("back");
  await get(mode, USERS);
  expect(seen.at(-1)).toBe("Bearer back");
});

test("a token that the server does not know any more is renewed once and the call repeated", async () => {
  const mode = newTab();
  await get(mode, ME);
  server.use(
    http.post("*/api/tokens", async ({ request }) => {
      seen.push(`${request.headers.get("authorization") ?? ""} ${await request.text()}`);
      return request.headers.get("authorization") === "Bearer renewed-1"
        ? notSignedIn()
        : HttpResponse.json({}, { status: 201 });
    }),
  );
  const url = "http://localhost:3000/api/tokens";
  const answer = await mode.send(new Request(url, { method: "POST", body: "what was typed" }));
  expect(answer.status).toBe(201);
  expect(seen.slice(1)).toEqual(["Bearer renewed-1 what was typed", "Bearer renewed-2 what was typed"]);
});

test("a session that has ended is not renewed", async () => {
  const mode = newTab();
  await get(mode, ME);
  server.use(http.get("*/api/users", () => ended("revoked")));
  expect((await get(mode, USERS)).status).toBe(401);
  expect(renewals).toBe(1);
});

test("one tab renews for all, and signs out for all", async () => {
  const [one, other] = [newTab(), newTab()];
  await get(one, ME);
  await heard();
  await get(other, USERS);
  expect([renewals, seen.at(-1)]).toEqual([1, "Bearer renewed-1"]);
  server.use(http.post("*/api/logout", () => new HttpResponse(null, { status: 204 })));
  await one.signOut();
  await heard();
  await get(other, USERS);
  expect(seen.at(-1)).toBeNull();
});

test("a wrong password, told in OAuth's form, is the app's own error", async () => {
  server.use(
    http.post("*/api/token", async ({ request }) => {
      expect(await request.text()).toBe("grant_type=password&username=alice&password=a+b%26c");
      return HttpResponse.json({ error: "invalid_grant" }, { status: 400 });
    }),
  );
  const mode = newTab();
  await expect(mode.signIn({ username: "alice", password: "a b&c" })).rejects.toMatchObject({
    code: "invalid_credentials",
  });
  server.use(http.post("*/api/token", () => problem(429, "too_many_attempts", {}, { "retry-after": "7" })));
  await expect(mode.signIn({ username: "alice", password: "x" })).rejects.toMatchObject({ retryAfter: 7 });
  server.use(http.post("*/api/token", () => HttpResponse.error()));
  await expect(mode.signIn({ username: "alice", password: "x" })).rejects.not.toBeInstanceOf(ApiError);
});

test.each([-YEAR, YEAR])(
  "a device's clock that is %i milliseconds off renews neither early nor late",
  async (off) => {
    vi.setSystemTime(NOW + off);
    answerRenewal = () => given(`renewed-${String(renewals)}`, 300, NOW);
    const mode = newTab();
    await get(mode, ME);
    await vi.advanceTimersByTimeAsync(268_000);
    await get(mode, USERS);
    expect(renewals).toBe(1);
    answerRenewal = () => given(`renewed-${String(renewals)}`, 300, NOW + 271_000);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(renewals).toBe(2);
  },
);

test("a clock that is set back does not keep an expired token in use", async () => {
  answerRenewal = () => given(`renewed-${String(renewals)}`, 300, Date.now());
  const mode = newTab();
  await get(mode, ME);
  const real = Date.now();
  vi.setSystemTime(real - 3_600_000);
  // Any response tells the server's time.
  readServerClock({ shown: real, precision: 1_000, sent: Date.now(), received: Date.now() });
  await vi.advanceTimersByTimeAsync(271_000);
  expect(renewals).toBe(2);
  await get(mode, USERS);
  expect(seen.at(-1)).toBe("Bearer renewed-2");
});

test("a tab that hears of a token hears what time it is", async () => {
  vi.setSystemTime(NOW - YEAR);
  answerRenewal = () => given(`renewed-${String(renewals)}`, 300, NOW);
  newTab();
  const mode = newTab();
  await get(mode, ME);
  resetServerClock();
  await heard();
  expect(Math.abs(serverNow() - NOW)).toBeLessThanOrEqual(2_000);
});
