import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import type { AuditEntry, PersonDetails, UserChanges } from "#api/gen/types.gen.ts";
import { renderApp } from "#testing/app.tsx";
import { answerMe, listedSession, person, problem, server } from "#testing/server.ts";

function details(username: string, rest: Partial<PersonDetails> = {}): PersonDetails {
  return {
    id: `id-of-${username}`,
    username,
    full_name: "",
    email: null,
    role: "member",
    disabled: false,
    created_at: "2026-01-01T00:00:00.000000Z",
    last_login_at: null,
    ...rest,
  };
}

const page = (items: unknown[], next_cursor: string | null = null) =>
  HttpResponse.json({ items, next_cursor });
let asked: string[];

beforeEach(() => {
  asked = [];
  answerMe(() => ({ ...person("root"), role: "admin" }));
  server.use(
    http.get("*/api/users", ({ request }) => {
      asked.push(new URL(request.url).search);
      return page([
        details("bob", { email: "bob@example.com" }),
        details("gone", { disabled: true, role: "admin" }),
      ]);
    }),
    http.get("*/api/users/id-of-bob", () => HttpResponse.json(details("bob"))),
    http.get("*/api/users/id-of-bob/sessions", () => page([listedSession("Firefox on Linux")])),
    http.get("*/api/users/id-of-bob/tokens", () => page([])),
  );
});

test("for others these pages do not exist", async () => {
  answerMe(() => person("alice"));
  renderApp("/admin/users");
  expect(await screen.findByRole("heading", { name: /not found|nothing here/i })).toBeInTheDocument();
  expect(asked).toEqual([]);
});

test("people are found, filtered and sorted, and the address says so", async () => {
  renderApp("/admin/users");
  expect(await screen.findByText("bob, bob@example.com")).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "gone" }).closest("li")).toHaveTextContent("AdministratorDisabled");
  await userEvent.type(screen.getByLabelText("Username or name"), "bo");
  await userEvent.selectOptions(screen.getByLabelText("Role"), "Administrators");
  await userEvent.selectOptions(screen.getByLabelText("State"), "Disabled");
  await userEvent.selectOptions(screen.getByLabelText("Sort by"), "Newest");
  await waitFor(() => {
    expect(asked.at(-1)).toBe("?sort=-created_at&q=bo&role=admin&state=disabled");
  });
  expect(screen.getByTestId("where")).toHaveTextContent("role=admin&state=disabled");
});

test("somebody is invited, and the link is shown once", async () => {
  const url = "http://localhost:3000/link/secret";
  server.use(
    http.post("*/api/users", async ({ request }) => {
      const { username } = (await request.json()) as { username: string };
      if (username === "bob") return problem(409, "username_taken");
      const invitation = { url, expires_at: "2036-01-01T00:00:00.000000Z", mailed: false };
      return HttpResponse.json({ ...details(username), invitation }, { status: 201 });
    }),
  );
  renderApp("/admin/users");
  await userEvent.click(await screen.findByRole("button", { name: "Invite somebody" }));
  const dialog = await screen.findByRole("dialog", { name: "Invite somebody" });
  await userEvent.type(within(dialog).getByLabelText("Username"), "bob");
  await userEvent.click(within(dialog).getByRole("button", { name: "Make invitation" }));
  expect(await within(dialog).findByText("Somebody has that username.")).toBeInTheDocument();
  await userEvent.clear(within(dialog).getByLabelText("Username"));
  await userEvent.type(within(dialog).getByLabelText("Username"), "carol");
  await userEvent.click(within(dialog).getByRole("button", { name: "Make invitation" }));
  expect(await screen.findByRole("dialog", { name: "Send this link to carol" })).toHaveTextContent(url);
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(await screen.findByText("carol is invited.")).toBeInTheDocument();
  expect(document.body).not.toHaveTextContent(url);
});

test("a person is changed, and the last administrator stays", async () => {
  const wishes: UserChanges[] = [];
  server.use(
    http.patch("*/api/users/id-of-bob", async ({ request }) => {
      wishes.push((await request.json()) as UserChanges);
      return wishes.length === 1 ? problem(409, "last_admin") : HttpResponse.json(details("bob"));
    }),
  );
  renderApp("/admin/users/id-of-bob");
  await userEvent.selectOptions(await screen.findByLabelText("Role"), "Administrator");
  await userEvent.click(screen.getByLabelText("May sign in"));
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(
    await screen.findByText("This is the last administrator: make another one first."),
  ).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Saved.")).toBeInTheDocument();
  expect(wishes[1]).toEqual({ role: "admin", disabled: true });
  await userEvent.type(screen.getByLabelText("Name"), "Bob B");
  await userEvent.click(screen.getByRole("button", { name: "Save" }));
  await waitFor(() => {
    expect(wishes[2]).toEqual({ full_name: "Bob B" });
  });
});

test("sessions are ended after a question, and a reset link is shown once", async () => {
  let isEnded = false;
  server.use(
    http.get("*/api/users/id-of-bob/sessions", () =>
      page(isEnded ? [] : [listedSession("Firefox on Linux")]),
    ),
    http.delete("*/api/users/id-of-bob/sessions", () => {
      isEnded = true;
      return new HttpResponse(null, { status: 204 });
    }),
    http.post("*/api/users/id-of-bob/reset-link", () =>
      HttpResponse.json(
        { url: "http://localhost:3000/link/secret", expires_at: "2036-01-01T00:00:00.000000Z", mailed: true },
        { status: 201 },
      ),
    ),
  );
  renderApp("/admin/users/id-of-bob");
  expect(await screen.findByText("Firefox on Linux")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "End all sessions" }));
  const dialog = await screen.findByRole("dialog", { name: "End all sessions of bob?" });
  await userEvent.click(within(dialog).getByRole("button", { name: "End all sessions" }));
  expect(await screen.findByText("Signed in nowhere")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Make a reset link" }));
  expect(await screen.findByTestId("secret")).toHaveTextContent("http://localhost:3000/link/secret");
  await userEvent.click(screen.getByRole("button", { name: "Done" }));
  expect(screen.queryByTestId("secret")).toBeNull();
});

test("deleting wants the name typed", async () => {
  let isGone = false;
  server.use(
    http.delete("*/api/users/id-of-bob", () => {
      isGone = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/admin/users/id-of-bob");
  await userEvent.click(await screen.findByRole("button", { name: "Delete bob" }));
  const dialog = await screen.findByRole("dialog", { name: "Delete bob?" });
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(within(dialog).getByText("This is not bob.")).toBeInTheDocument();
  expect(isGone).toBe(false);
  await userEvent.type(within(dialog).getByLabelText("Type bob to confirm"), "bob");
  await userEvent.click(within(dialog).getByRole("button", { name: "Delete" }));
  expect(await screen.findByRole("heading", { name: "Manage people" })).toBeInTheDocument();
  expect(isGone).toBe(true);
});

test("the audit tells who did what to whom", async () => {
  const line = (rest: Partial<AuditEntry>): AuditEntry => ({
    id: "1",
    at: "2026-01-01T00:00:00.000000Z",
    event: "role_changed",
    user_id: "id-of-bob",
    username: "bob",
    actor_id: "id-of-root",
    actor: "root",
    device: "Firefox on Linux",
    ip: "203.0.113.7",
    session_id: null,
    detail: "admin",
    ...rest,
  });
  server.use(
    http.get("*/api/audit", ({ request }) => {
      asked.push(new URL(request.url).search);
      return page([
        line({}),
        line({ id: "2", event: "account_deleted", username: null, detail: null }),
        line({ id: "3", event: "login_failed", user_id: null, username: null, actor_id: null, actor: null }),
      ]);
    }),
  );
  renderApp("/admin/audit");
  const rows = await within(await screen.findByRole("region", { name: "What happened" })).findAllByRole(
    "listitem",
  );
  expect(rows[0]).toHaveTextContent("Role changed: admin");
  expect(rows[0]).toHaveTextContent("by root, about bob");
  expect(rows[1]).toHaveTextContent("by root, about a deleted account");
  expect(rows[2]).toHaveTextContent("by nobody signed in");
  await userEvent.selectOptions(screen.getByLabelText("What"), "Role changed");
  await userEvent.type(screen.getByLabelText("Done by (username)"), "root");
  await waitFor(() => {
    expect(asked.at(-1)).toBe("?actor=root&event=role_changed");
  });
});
