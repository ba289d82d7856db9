import { act, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { describe, expect, test, vi } from "vitest";
import { client } from "#api/gen/client.gen.ts";
import { SESSION_KEY, type SessionData, forgetSession, useAuth } from "#auth/session.ts";
import { renderApp, renderWith } from "#testing/app.tsx";
import {
  answerMe,
  answerTokens,
  ended,
  listedSession,
  notSignedIn,
  person,
  problem,
  server,
  session,
  user,
} from "#testing/server.ts";

function State() {
  const auth = useAuth();
  const detail = "user" in auth ? auth.user?.username : "reason" in auth ? auth.reason : "";
  return <p>{`${auth.status} ${detail ?? "nobody"}`.trim()}</p>;
}

describe("the four states", () => {
  test("signed in", async () => {
    answerMe(() => person("alice"));
    renderWith(<State />);
    expect(screen.getByText("loading")).toBeInTheDocument();
    expect(await screen.findByText("signed-in alice")).toBeInTheDocument();
  });

  test("signed out", async () => {
    answerMe(notSignedIn);
    renderWith(<State />);
    expect(await screen.findByText("signed-out")).toBeInTheDocument();
  });

  test("ended, with the reason", async () => {
    answerMe(() => ended("idle"));
    renderWith(<State />);
    expect(await screen.findByText("ended idle")).toBeInTheDocument();
  });

  test.each([
    ["a network error", () => HttpResponse.error()],
    [
      "a proxy's 502",
      () => new HttpResponse("Bad gateway", { status: 502, headers: { "content-type": "text/plain" } }),
    ],
    ["a 503", () => problem(503, "unavailable")],
    ["a 500", () => problem(500, "internal_error")],
    ["a 403", () => problem(403, "cross_site_request")],
    ["a portal's page", () => new HttpResponse("<html>", { headers: { "content-type": "text/html" } })],
    [
      "a proxy's own 401",
      () => new HttpResponse("who?", { status: 401, headers: { "content-type": "text/plain" } }),
    ],
  ])("unreachable by %s, which keeps the person", async (_, failure) => {
    let answer: () => ReturnType<typeof person> | Response = () => person("alice");
    answerMe(() => answer());
    const queryClient = renderWith(<State />);
    await screen.findByText("signed-in alice");
    answer = failure;
    await act(() => queryClient.invalidateQueries({ queryKey: SESSION_KEY }));
    expect(await screen.findByText("unreachable alice")).toBeInTheDocument();
    answer = () => person("alice");
    await act(() => queryClient.invalidateQueries({ queryKey: SESSION_KEY }));
    expect(await screen.findByText("signed-in alice")).toBeInTheDocument();
  });

  test("unreachable from the start knows nobody", async () => {
    answerMe(() => HttpResponse.error());
    renderWith(<State />);
    expect(await screen.findByText("unreachable nobody")).toBeInTheDocument();
  });
});

test("GET /me is asked once for twenty components", async () => {
  const calls = answerMe(() => person("alice"));
  renderWith(Array.from({ length: 20 }, (_, number) => <State key={number} />));
  expect(await screen.findAllByText("signed-in alice")).toHaveLength(20);
  expect(calls.count).toBe(1);
});

test("an answer of GET /me that comes after the sign-out signs nobody in", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let isSlow = false;
  server.use(
    http.get("*/api/me", async () => {
      if (isSlow) await held;
      return HttpResponse.json(person("alice"));
    }),
  );
  const queryClient = renderWith(<State />);
  await screen.findByText("signed-in alice");
  isSlow = true;
  void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
  await act(() => forgetSession(queryClient));
  release();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(screen.getByText("signed-out")).toBeInTheDocument();
});

/** Somebody is signed in on the search page, and then the session ends. */
async function searchPageThatEnds(reason: "revoked" | "password_changed" = "revoked") {
  let who: "alice" | "bob" | undefined = "alice";
  const calls = answerMe(() => (who ? person(who) : ended(reason)));
  server.use(
    http.get("*/api/users", ({ request }) =>
      who === undefined
        ? ended(reason)
        : HttpResponse.json({
            items: [user(`${who}-found-${new URL(request.url).searchParams.get("q") ?? "all"}`)],
            next_cursor: null,
          }),
    ),
    http.post("*/api/login", async ({ request }) => {
      const body = (await request.json()) as { username: string; password: string };
      if (body.password !== "right") return problem(401, "invalid_credentials");
      who = body.username as "alice" | "bob";
      return HttpResponse.json(person(who));
    }),
  );
  const queryClient = renderApp("/search");
  await screen.findAllByText("alice-found-all");
  who = undefined;
  return {
    calls,
    queryClient,
    signInElsewhere: (other: "alice" | "bob") => {
      who = other;
      const channel = new BroadcastChannel("hallpass");
      channel.postMessage({ change: "changed" });
      channel.close();
    },
  };
}

describe("sign in again where you are", () => {
  test("the refused call goes on, what was typed stays, the caller learns nothing", async () => {
    await searchPageThatEnds();
    const press = userEvent.setup();
    await press.type(screen.getByRole("searchbox"), "xy");
    const dialog = await screen.findByRole("dialog", { name: "Sign in again" });
    expect(dialog).toHaveTextContent("This session was ended from another device.");
    await press.type(screen.getByLabelText("Password"), "wrong{Enter}");
    expect(await screen.findByRole("alert")).toHaveTextContent("wrong");
    await press.clear(screen.getByLabelText("Password"));
    await press.type(screen.getByLabelText("Password"), "right{Enter}");
    expect((await screen.findAllByText("alice-found-xy")).length).toBeGreaterThan(0);
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(screen.getByRole("searchbox")).toHaveValue("xy");
  });

  test("a call with a body is repeated with that body, several are all repeated", async () => {
    const { queryClient } = await searchPageThatEnds();
    const received: unknown[] = [];
    let isOpen = false;
    server.use(
      http.post("*/api/notes", async ({ request }) => {
        if (!isOpen) return ended("revoked");
        received.push(await request.json());
        return HttpResponse.json({});
      }),
    );
    const send = (text: string) =>
      client.post({
        url: "/notes",
        body: { text },
        headers: { "content-type": "application/json" },
        throwOnError: true,
      });
    const sent = Promise.all([send("one"), send("two")]);
    await screen.findByRole("dialog");
    isOpen = true;
    await userEvent.type(screen.getByLabelText("Password"), "right{Enter}");
    await expect(sent).resolves.toHaveLength(2);
    expect(received).toEqual(expect.arrayContaining([{ text: "one" }, { text: "two" }]));
    expect(queryClient.getQueryData<SessionData>(SESSION_KEY)?.status).toBe("signed-in");
  });

  test("giving up leads to the sign-in page with the reason and the way back", async () => {
    await searchPageThatEnds("password_changed");
    const refused = client.get({ url: "/users", throwOnError: true });
    const outcome = refused.then(
      () => "answered",
      (error: unknown) => (error as { code?: string }).code,
    );
    await userEvent.click(await screen.findByRole("button", { name: "Sign in as somebody else" }));
    expect(await screen.findByRole("heading", { level: 1, name: "Sign in" })).toBeInTheDocument();
    expect(screen.getByText(/your password was changed/)).toBeInTheDocument();
    expect(screen.getByTestId("where")).toHaveTextContent("/login?next=%2Fsearch");
    expect(await outcome).toBe("session_ended");
  });

  test("another person's calls are not repeated, and their data is dropped", async () => {
    const { signInElsewhere } = await searchPageThatEnds();
    const outcome = client.delete({ url: "/users", throwOnError: true }).then(
      () => "answered",
      (error: unknown) => (error as { code?: string }).code,
    );
    server.use(http.delete("*/api/users", () => ended("revoked")));
    await screen.findByRole("dialog");
    signInElsewhere("bob");
    expect(await outcome).toBe("session_ended");
    expect((await screen.findAllByText("bob-found-all")).length).toBeGreaterThan(0);
    expect(screen.queryByText("alice-found-all")).toBeNull();
  });

  test("the same person in another tab unlocks this one", async () => {
    const { signInElsewhere } = await searchPageThatEnds();
    await userEvent.type(screen.getByRole("searchbox"), "q");
    await screen.findByRole("dialog");
    signInElsewhere("alice");
    expect((await screen.findAllByText("alice-found-q")).length).toBeGreaterThan(0);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  test("a sign-out in another tab is no reason for a dialog", async () => {
    await searchPageThatEnds();
    const channel = new BroadcastChannel("hallpass");
    channel.postMessage({ change: "signed-out" });
    channel.close();
    expect(await screen.findByRole("heading", { level: 1, name: "Sign in" })).toBeInTheDocument();
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});

test("a sign-out that the server could not see through is not taken for one", async () => {
  answerMe(() => person("alice"));
  server.use(http.post("*/api/logout", () => problem(503, "unavailable")));
  renderApp("/logout");
  await userEvent.click(await screen.findByRole("button", { name: "Sign out" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Your session may still go on");
});

test("a sign-out that the server did not hear of leaves the person signed in and says so", async () => {
  answerMe(() => person("alice"));
  server.use(http.post("*/api/logout", () => HttpResponse.error()));
  renderApp("/logout");
  await userEvent.click(await screen.findByRole("button", { name: "Sign out" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("You are still signed in.");
});

test("a cookie that the browser does not keep is said to be the trouble", async () => {
  answerMe(notSignedIn);
  server.use(http.post("*/api/login", () => HttpResponse.json(person("alice"))));
  renderApp("/login");
  await userEvent.type(await screen.findByLabelText(/Username/), "alice");
  await userEvent.type(screen.getByLabelText("Password"), "right{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("did not keep the sign-in cookie");
});

test("the session is asked for again at the moment it ends", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, now: new Date("2026-01-01T00:00:00Z") });
  try {
    let isOver = false;
    answerMe(() =>
      isOver
        ? ended("expired")
        : {
            ...person("alice"),
            session: { ...session, expires_at: "2026-01-01T01:00:00.000000Z" },
          },
    );
    server.use(
      http.get("*/api/sessions", () =>
        HttpResponse.json({ items: [listedSession("Firefox on Linux")], next_cursor: null }),
      ),
    );
    answerTokens([]);
    renderApp("/account");
    await screen.findByText("Firefox on Linux");
    isOver = true;
    await act(() => vi.advanceTimersByTimeAsync(3_602_000));
    await waitFor(() => {
      expect(screen.getByRole("dialog")).toHaveTextContent("reached the end of its life");
    });
  } finally {
    vi.useRealTimers();
  }
});
