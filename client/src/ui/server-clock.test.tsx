import { act, render, screen } from "@testing-library/react";
import { beforeEach, afterEach, expect, test, vi } from "vitest";
import { readDateHeader, readServerClock, serverNow } from "#ui/server-clock.ts";
import { Time } from "#ui/time.tsx";

const SERVER = Date.parse("2026-01-02T12:00:00Z");
const YEAR = 31_536_000_000;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** A response that the server dated `at`, and that took 100 milliseconds to arrive. */
function respond(at: number, headers: Record<string, string> = { "x-request-id": "r-1" }): void {
  const sent = Date.now();
  vi.setSystemTime(sent + 100);
  readDateHeader(new Response(null, { headers: { date: new Date(at).toUTCString(), ...headers } }), sent);
}

test.each([-YEAR, -3_600_000, -5_000, 5_000, 3_600_000, YEAR])(
  "with a clock %i milliseconds off, times are relative to the server's",
  (off) => {
    vi.setSystemTime(SERVER + off);
    render(<Time value="2026-01-02T11:55:00Z" isRelative />);
    act(() => {
      respond(SERVER);
    });
    expect(Math.abs(serverNow() - SERVER)).toBeLessThanOrEqual(1_000);
    expect(screen.getByRole("time")).toHaveTextContent("5 minutes ago");
  },
);

test("a clock that is right is not moved by whole seconds and slow networks", () => {
  vi.setSystemTime(SERVER + 700);
  respond(SERVER);
  expect(serverNow()).toBe(Date.now());
  vi.setSystemTime(SERVER + 9_999);
  respond(SERVER + 9_000);
  expect(serverNow()).toBe(Date.now());
});

test("a clock that is set right while the page is open is followed", () => {
  vi.setSystemTime(SERVER - YEAR);
  respond(SERVER);
  vi.setSystemTime(SERVER + 10_000);
  respond(SERVER + 10_000);
  expect(serverNow()).toBe(Date.now());
});

test("other servers' dates, and what is no date, count for nothing", () => {
  vi.setSystemTime(SERVER);
  respond(SERVER + YEAR, {});
  readDateHeader(new Response(null, { headers: { date: "soon", "x-request-id": "r-1" } }), Date.now());
  readDateHeader(new Response(null, { headers: { "x-request-id": "r-1" } }), Date.now());
  // This device's clock was set back while the response was on its way.
  readServerClock({ shown: SERVER + YEAR, precision: 0, sent: Date.now() + 5_000, received: Date.now() });
  expect(serverNow()).toBe(Date.now());
});
