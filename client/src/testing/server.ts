import { http, HttpResponse } from "msw";
import { setupServer } from "msw/node";
import type {
  Code,
  CurrentSession,
  EndReason,
  Features,
  Me,
  Problem,
  Session,
  Token,
  User,
} from "#api/gen/types.gen.ts";

/** The API of a test. What a test does not answer, fails it; only a person's history is empty and everything is offered by default. */
export const server = setupServer(
  http.get("*/api/me/activity", () => HttpResponse.json({ items: [], next_cursor: null })),
  http.get("*/api/me/new-sign-ins", () => HttpResponse.json({ items: [] })),
  http.get("*/api/features", () => HttpResponse.json(features())),
);

/** A server that offers everything but passkeys and providers. */
export function features(rest: Partial<Features> = {}): Features {
  return {
    registration: "open",
    mail: true,
    setup_needed: false,
    password: { login: true, min_length: 12 },
    passkeys: false,
    providers: [],
    last_used: null,
    ...rest,
  };
}

/** `GET /api/features` answered with these. */
export function answerFeatures(rest: Partial<Features>): void {
  server.use(http.get("*/api/features", () => HttpResponse.json(features(rest))));
}

export const session: CurrentSession = {
  id: "0191e000-0000-7000-8000-000000000001",
  created_at: "2026-01-01T00:00:00.000000Z",
  expires_at: "2036-01-08T00:00:00.000000Z",
};

export function person(username: string): Me {
  return {
    id: `id-of-${username}`,
    username,
    email: null,
    full_name: "",
    role: "member",
    created_at: "2026-01-01T00:00:00.000000Z",
    session,
  };
}

export function user(username: string): User {
  return { id: `id-of-${username}`, username, full_name: "" };
}

export function listedSession(device: string, rest: Partial<Session> = {}): Session {
  return {
    id: `session-${device}`,
    current: false,
    kind: "cookie",
    status: "active",
    device,
    ip: "203.0.113.7",
    created_at: "2026-01-01T00:00:00.000000Z",
    last_seen_at: "2026-01-01T00:00:00.000000Z",
    expires_at: "2036-01-08T00:00:00.000000Z",
    ...rest,
  };
}

/** A problem document as the server writes it. */
export function problem(
  status: number,
  code: Code,
  rest: Partial<Problem> = {},
  headers: Record<string, string> = {},
) {
  const body: Problem = {
    type: `urn:hallpass:problem:${code}`,
    title: code,
    status,
    code,
    request_id: "r-1",
    ...rest,
  };
  return new HttpResponse(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

export const notSignedIn = () => problem(401, "not_authenticated");
export const ended = (reason: EndReason) =>
  problem(401, "session_ended", { reason, at: "2026-01-02T00:00:00.000000Z" });

/** `GET /api/tokens` answered with these. */
export function answerTokens(tokens: Token[]): void {
  server.use(http.get("*/api/tokens", () => HttpResponse.json({ items: tokens, next_cursor: null })));
}

/** `GET /api/me` answered by `answer`, which may change its mind; counts how often it was asked. */
export function answerMe(answer: () => Me | Response) {
  const calls = { count: 0 };
  server.use(
    http.get("*/api/me", () => {
      calls.count += 1;
      const given = answer();
      return given instanceof Response ? given : HttpResponse.json(given);
    }),
  );
  return calls;
}
