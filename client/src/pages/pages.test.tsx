import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Session } from "#api/gen/types.gen.ts";
import { renderApp } from "#testing/app.tsx";
import {
  answerMe,
  answerTokens,
  ended,
  listedSession,
  notSignedIn,
  person,
  problem,
  server,
  user,
} from "#testing/server.ts";

describe("login", () => {
  // A countdown moves only when a test says so: on a slow machine a second passes unseen.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test("counts down after too many attempts and keeps what was typed", async () => {
    answerMe(notSignedIn);
    const asked = vi.fn(() => problem(429, "too_many_attempts", {}, { "retry-after": "2" }));
    server.use(http.post("*/api/login", asked));
    renderApp("/login");
    await userEvent.type(await screen.findByLabelText(/Username/), "alice");
    await userEvent.type(screen.getByLabelText("Password"), "x{Enter}");
    const alert = await screen.findByRole("alert");
    const read = within(alert).getByText("Try again in 2 seconds.");
    expect(within(alert).getByText("Try again in 2 s.")).toHaveAttribute("aria-hidden", "true");
    const button = screen.getByRole("button", { name: "Sign in" });
    expect(button).toHaveAttribute("aria-disabled", "true");
    await userEvent.click(button);
    await userEvent.type(screen.getByLabelText("Password"), "{Enter}");
    vi.setSystemTime(Date.now() + 1_000);
    expect(await within(alert).findByText("Try again in 1 s.")).toBeVisible();
    expect(read).toHaveTextContent("Try again in 2 seconds.");
    expect(asked).toHaveBeenCalledTimes(1);

    vi.setSystemTime(Date.now() + 1_000);
    expect(await screen.findByText(/You can try again now\./)).toBeVisible();
    expect(button).not.toHaveAttribute("aria-disabled");
    expect(screen.getByLabelText(/Username/)).toHaveValue("alice");
    expect(screen.getByLabelText("Password")).toHaveValue("x");
    await userEvent.type(screen.getByLabelText("Password"), "{Enter}");
    await waitFor(() => {
      expect(asked).toHaveBeenCalledTimes(2);
    });
  });

  test.each([
    ["90", "Try again in 90 s.", "Try again in 90 seconds."],
    ["91", "Try again in 2 min.", "Try again in 2 minutes."],
    ["900", "Try again in 15 min.", "Try again in 15 minutes."],
  ])("a wait of %s seconds is told in fitting units", async (seconds, shown, read) => {
    answerMe(notSignedIn);
    server.use(
      http.post("*/api/login", () => problem(429, "too_many_attempts", {}, { "retry-after": seconds })),
    );
    renderApp("/login");
    await userEvent.type(await screen.findByLabelText(/Username/), "alice");
    await userEvent.type(screen.getByLabelText("Password"), "x{Enter}");
    expect(await screen.findByText(shown)).toBeVisible();
    expect(screen.getByText(read)).toBeInTheDocument();
  });

  test("stays, and asks in no loop, where nobody can say who is signed in", async () => {
    const me = answerMe(() => problem(503, "unavailable"));
    renderApp("/login");
    await userEvent.type(await screen.findByLabelText(/Username/), "alice");
    expect(screen.getByLabelText(/Username/)).toHaveValue("alice");
    expect(screen.getByText(/Cannot reach the server/)).toBeVisible();
    expect(me.count).toBe(1);
  });

  test("says which address is right where the wrong one is refused at once, as with tokens", async () => {
    answerMe(() => problem(403, "cross_site_request", { expected_origin: "https://login.example.com" }));
    renderApp("/login");
    const link = await screen.findByRole("link", { name: "https://login.example.com" });
    expect(link).toHaveAttribute("href", "https://login.example.com");
    expect(screen.getByLabelText(/Username/)).toBeVisible();
  });

  test("a page at the wrong address says which one is right, and leads there", async () => {
    answerMe(notSignedIn);
    const refusal = { expected_origin: "https://login.example.com" };
    server.use(http.post("*/api/login", () => problem(403, "cross_site_request", refusal)));
    renderApp("/login");
    await userEvent.type(await screen.findByLabelText(/Username/), "alice");
    await userEvent.type(screen.getByLabelText("Password"), "x{Enter}");
    const alert = await screen.findByRole("alert");
    expect(alert).toHaveTextContent(
      "This page was opened at http://localhost:3000, but the address of this server is https://login.example.com.",
    );
    const link = within(alert).getByRole("link", { name: "Open it at https://login.example.com" });
    expect(link).toHaveAttribute("href", expect.stringMatching(/^https:\/\/login\.example\.com\//));
  });

  test("says what is wrong at the field it is wrong with", async () => {
    answerMe(notSignedIn);
    const errors = [{ field: "username", message: "must not be empty" }];
    server.use(http.post("*/api/login", () => problem(422, "invalid_input", { errors })));
    renderApp("/login");
    await userEvent.click(await screen.findByRole("button", { name: "Sign in" }));
    const name = await screen.findByLabelText(/Username/);
    await waitFor(() => {
      expect(name).toBeInvalid();
    });
    expect(name).toHaveAccessibleDescription("The name must not be empty.");
    expect(name).toHaveFocus();
  });

  test("sends whether to stay signed in", async () => {
    answerMe(notSignedIn);
    const sent: unknown[] = [];
    server.use(
      http.post("*/api/login", async ({ request }) => {
        sent.push(await request.json());
        return problem(503, "overloaded", {}, { "retry-after": "2" });
      }),
    );
    renderApp("/login");
    await userEvent.type(await screen.findByLabelText(/Username/), "alice");
    await userEvent.type(screen.getByLabelText("Password"), "x");
    await userEvent.click(screen.getByLabelText(/Keep me signed in/));
    await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("Too many people are signing in");
    expect(sent).toEqual([{ username: "alice", password: "x", remember: false }]);
  });

  test("tells why the last session ended", async () => {
    answerMe(() => ended("disabled"));
    renderApp("/login");
    expect(await screen.findByText("Your account has been disabled.")).toBeInTheDocument();
  });

  test("is no place for somebody who is signed in", async () => {
    answerMe(() => person("alice"));
    server.use(http.get("*/api/users", () => HttpResponse.json({ items: [], next_cursor: null })));
    renderApp("/login?next=%2Fsearch");
    expect(await screen.findByRole("heading", { level: 1, name: "People" })).toBeInTheDocument();
  });

  test("shows the password on request", async () => {
    answerMe(notSignedIn);
    renderApp("/login");
    const password = await screen.findByLabelText("Password");
    expect(password).toHaveAttribute("type", "password");
    await userEvent.click(screen.getByRole("button", { name: "Show password" }));
    expect(password).toHaveAttribute("type", "text");
    expect(screen.getByRole("button", { name: "Show password" })).toHaveAttribute("aria-pressed", "true");
  });
});

describe("people", () => {
  beforeEach(() => {
    answerMe(() => person("alice"));
  });

  test("loads, then lists, and says how many", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    server.use(
      http.get("*/api/users", async () => {
        await held;
        return HttpResponse.json({ items: [user("bob"), user("carol")], next_cursor: null });
      }),
    );
    renderApp("/search");
    expect(await screen.findByText("Loading people")).toBeInTheDocument();
    release();
    expect(await screen.findByText("2 people")).toBeInTheDocument();
  });

  test("fetches the next page with the cursor of the last", async () => {
    server.use(
      http.get("*/api/users", ({ request }) =>
        new URL(request.url).searchParams.get("cursor") === "c1"
          ? HttpResponse.json({ items: [user("zoe")], next_cursor: null })
          : HttpResponse.json({ items: [user("bob")], next_cursor: "c1" }),
      ),
    );
    renderApp("/search");
    await userEvent.click(await screen.findByRole("button", { name: "Show more" }));
    expect((await screen.findAllByText("zoe")).length).toBeGreaterThan(0);
    expect(screen.getByText("2 people")).toBeInTheDocument();
  });

  test("a directory for administrators alone says so, and is offered no more", async () => {
    server.use(http.get("*/api/users", () => problem(403, "forbidden")));
    renderApp("/search");
    expect(await screen.findByText("Only administrators can see the directory here.")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: "Try again" })).not.toBeInTheDocument();
    await waitFor(() => {
      expect(screen.queryByRole("link", { name: "People" })).not.toBeInTheDocument();
    });
  });

  test("an error can be tried again and names the request", async () => {
    server.use(http.get("*/api/users", () => problem(500, "internal_error")));
    renderApp("/search");
    expect(await screen.findByRole("alert")).toHaveTextContent("r-1");
    server.use(http.get("*/api/users", () => HttpResponse.json({ items: [], next_cursor: null })));
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("There is nobody here yet")).toBeInTheDocument();
  });
});

describe("sessions", () => {
  let sessions: Session[];
  beforeEach(() => {
    answerMe(() => person("alice"));
    sessions = [
      listedSession("Chrome on Android"),
      listedSession("Firefox on Linux", { current: true }),
      listedSession("curl"),
    ];
    answerTokens([]);
    server.use(
      http.get("*/api/sessions", () => HttpResponse.json({ items: sessions, next_cursor: null })),
      http.delete("*/api/sessions/:id", ({ params }) => {
        const before = sessions.length;
        sessions = sessions.filter((session) => session.id !== params["id"]);
        return sessions.length < before ? new HttpResponse(null, { status: 204 }) : problem(404, "not_found");
      }),
      http.delete("*/api/sessions", () => {
        sessions = sessions.filter((session) => session.current);
        return HttpResponse.json({ ended: 2 });
      }),
    );
  });

  test("this device comes first and cannot be ended by mistake", async () => {
    renderApp("/account");
    await screen.findByText("This device");
    const list = screen.getByRole("region", { name: "Sessions" }).querySelector("ul");
    expect(list?.firstElementChild).toHaveTextContent("Firefox on LinuxThis device");
    expect(screen.getAllByRole("button", { name: /End the session of/ })).toHaveLength(2);
  });

  test("ending one names it, removes it and moves the focus", async () => {
    renderApp("/account");
    await userEvent.click(await screen.findByRole("button", { name: "End the session of curl" }));
    expect(screen.getByRole("dialog", { name: "End the session of curl?" })).toHaveTextContent("203.0.113.7");
    await userEvent.click(screen.getByRole("button", { name: "End session" }));
    expect(await screen.findByText("The session of curl has ended.")).toBeInTheDocument();
    expect(screen.getByRole("heading", { name: "Sessions" })).toHaveFocus();
    await waitFor(() => {
      expect(screen.queryByRole("button", { name: "End the session of curl" })).toBeNull();
    });
  });

  test("one that ended meanwhile is as good as ended", async () => {
    renderApp("/account");
    await userEvent.click(await screen.findByRole("button", { name: "End the session of curl" }));
    sessions = sessions.filter((session) => session.device !== "curl");
    await userEvent.click(screen.getByRole("button", { name: "End session" }));
    expect(await screen.findByText("The session of curl has ended.")).toBeInTheDocument();
  });

  test("ending all others says how many", async () => {
    renderApp("/account");
    await userEvent.click(await screen.findByRole("button", { name: "End all others" }));
    await userEvent.click(screen.getByRole("button", { name: "End them" }));
    expect(await screen.findByText("2 sessions have ended.")).toBeInTheDocument();
    expect(await screen.findByText("You are signed in nowhere else.")).toBeInTheDocument();
  });

  test("a failure stays in the dialog", async () => {
    server.use(http.delete("*/api/sessions", () => problem(403, "cross_site_request")));
    renderApp("/account");
    await userEvent.click(await screen.findByRole("button", { name: "End all others" }));
    await userEvent.click(screen.getByRole("button", { name: "End them" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("usual address");
    await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(screen.getByRole("button", { name: "End all others" })).toHaveFocus();
  });
});

test("an unknown address is said to be unknown", async () => {
  answerMe(notSignedIn);
  renderApp("/nowhere");
  expect(await screen.findByRole("heading", { level: 1, name: "Page not found" })).toBeInTheDocument();
});
