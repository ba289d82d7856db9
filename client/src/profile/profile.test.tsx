import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import type { Activity, ProfileChanges } from "#api/gen/types.gen.ts";
import { renderApp } from "#testing/app.tsx";
import { answerMe, notSignedIn, person, problem, server } from "#testing/server.ts";

const page = (items: unknown[], next_cursor: string | null = null) =>
  HttpResponse.json({ items, next_cursor });

beforeEach(() => {
  server.use(
    http.get("*/api/sessions", () => page([])),
    http.get("*/api/tokens", () => page([])),
  );
});

test("name and address are changed; a reauthentication in between loses nothing", async () => {
  let user = person("alice");
  let isFresh = false;
  const wishes: ProfileChanges[] = [];
  answerMe(() => user);
  server.use(
    http.patch("*/api/me", async ({ request }) => {
      if (!isFresh) return problem(403, "reauth_required");
      const wish = (await request.json()) as ProfileChanges;
      wishes.push(wish);
      user = { ...user, email: wish.email ?? null, full_name: wish.full_name ?? "" };
      return HttpResponse.json(user);
    }),
    http.post("*/api/reauth", () => {
      isFresh = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/account");
  const section = await screen.findByRole("region", { name: "Profile" });
  await userEvent.type(within(section).getByLabelText("Full name"), "Alice Moore");
  await userEvent.type(within(section).getByLabelText("E-mail address"), "alice@example.com");
  await userEvent.click(within(section).getByRole("button", { name: "Save profile" }));
  const dialog = await screen.findByRole("dialog", { name: "Confirm that it is you" });
  await userEvent.type(within(dialog).getByLabelText("Password"), "the password");
  await userEvent.click(within(dialog).getByRole("button", { name: "Confirm" }));
  expect(await screen.findByText("Your profile is saved.")).toBeInTheDocument();
  expect(wishes).toEqual([{ full_name: "Alice Moore", email: "alice@example.com" }]);
});

test("where mails are sent, a new address is said to wait for its link", async () => {
  const user = { ...person("alice"), email: "old@example.com" };
  answerMe(() => user);
  server.use(http.patch("*/api/me", () => HttpResponse.json(user)));
  renderApp("/account");
  const field = await screen.findByLabelText("E-mail address");
  await userEvent.clear(field);
  await userEvent.type(field, "new@example.com");
  await userEvent.click(screen.getByRole("button", { name: "Save profile" }));
  const sentence = "We have sent a link to new@example.com; it counts once you have followed it.";
  expect(await screen.findByText(sentence)).toBeInTheDocument();
  expect(field).toHaveValue("old@example.com");
  await userEvent.click(screen.getByRole("button", { name: "Save profile" }));
  expect(await screen.findByText("Your profile is saved.")).toBeInTheDocument();
});

test("an address that somebody has is said beside its field", async () => {
  answerMe(() => person("alice"));
  server.use(http.patch("*/api/me", () => problem(409, "email_taken")));
  renderApp("/account");
  await userEvent.click(await screen.findByRole("button", { name: "Save profile" }));
  expect(await screen.findByText("Somebody has that e-mail address.")).toBeInTheDocument();
});

test("leaving needs the name and the password, and ends where one signs in", async () => {
  let isGone = false;
  answerMe(() => (isGone ? notSignedIn() : person("alice")));
  server.use(
    http.delete("*/api/me", async ({ request }) => {
      const { password } = (await request.json()) as { password: string };
      if (password !== "right") return problem(401, "invalid_credentials");
      isGone = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/account");
  await userEvent.click(await screen.findByRole("button", { name: "Delete my account" }));
  const dialog = await screen.findByRole("dialog");
  const leave = () => userEvent.click(within(dialog).getByRole("button", { name: "Delete my account" }));
  await userEvent.type(within(dialog).getByLabelText("Your password"), "wrong");
  await leave();
  expect(within(dialog).getByText("This is not alice.")).toBeInTheDocument();
  await userEvent.type(within(dialog).getByLabelText("Type alice to confirm"), "alice");
  await leave();
  expect(await within(dialog).findByText("The password is wrong.")).toBeInTheDocument();
  await userEvent.clear(within(dialog).getByLabelText("Your password"));
  await userEvent.type(within(dialog).getByLabelText("Your password"), "right");
  await leave();
  expect(await screen.findByRole("heading", { name: "Sign in" })).toBeInTheDocument();
});

test("activity is told in sentences, page by page", async () => {
  const line = (id: string, event: Activity["event"], device: string | null): Activity => ({
    id,
    at: "2026-01-01T00:00:00.000000Z",
    event,
    device,
    ip: device && "203.0.113.7",
    session_id: null,
    detail: null,
  });
  answerMe(() => person("alice"));
  server.use(
    http.get("*/api/me/activity", ({ request }) =>
      new URL(request.url).searchParams.has("cursor")
        ? page([line("2", "password_reset", null)])
        : page([line("1", "login_failed", "Firefox on Linux")], "more"),
    ),
  );
  renderApp("/account");
  const section = await screen.findByRole("region", { name: "Activity" });
  expect(
    await within(section).findByText("Somebody tried to sign in with a wrong password"),
  ).toBeInTheDocument();
  expect(section).toHaveTextContent("Firefox on Linux, 203.0.113.7");
  await userEvent.click(within(section).getByRole("button", { name: "Show more" }));
  expect(await within(section).findByText("Your password was set anew")).toBeInTheDocument();
  expect(section).toHaveTextContent("on the server");
});
