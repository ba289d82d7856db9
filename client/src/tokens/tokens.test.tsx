import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test, vi } from "vitest";
import type { CreateToken, Token } from "#api/gen/types.gen.ts";
import { renderApp } from "#testing/app.tsx";
import { answerMe, person, problem, server } from "#testing/server.ts";

const SECRET = `hp_${"0123456789abcdef".repeat(4)}01234567`;

let tokens: Token[];
let wanted: CreateToken[];

beforeEach(() => {
  answerMe(() => person("alice"));
  tokens = [];
  wanted = [];
  server.use(
    http.get("*/api/sessions", () => HttpResponse.json({ items: [], next_cursor: null })),
    http.get("*/api/tokens", () => HttpResponse.json({ items: tokens, next_cursor: null })),
    http.post("*/api/tokens", async ({ request }) => {
      const body = (await request.json()) as CreateToken;
      wanted.push(body);
      const token: Token = {
        id: "t1",
        name: body.name,
        scopes: body.scopes,
        created_at: "2026-01-01T00:00:00.000000Z",
        expires_at: "2036-01-01T00:00:00.000000Z",
        last_used_at: null,
      };
      tokens = [token];
      return HttpResponse.json({ ...token, token: SECRET }, { status: 201 });
    }),
    http.delete("*/api/tokens/:id", () => {
      tokens = [];
      return new HttpResponse(null, { status: 204 });
    }),
  );
});

async function fillIn(name: string) {
  await userEvent.click(await screen.findByRole("button", { name: "New token" }));
  await userEvent.type(screen.getByLabelText("Name"), name);
  await userEvent.selectOptions(screen.getByLabelText("What it may do"), "Read and change");
  await userEvent.selectOptions(screen.getByLabelText("Ends"), "in a year");
  await userEvent.click(screen.getByRole("button", { name: "Create token" }));
}

test("a token is made, shown once, copied, listed and revoked", async () => {
  const user = userEvent.setup();
  renderApp("/account");
  expect(await screen.findByText("You have no tokens")).toBeInTheDocument();
  await fillIn("backup");
  expect(await screen.findByRole("dialog", { name: "Copy the token now" })).toHaveTextContent(SECRET);
  expect(wanted).toEqual([{ name: "backup", expires_in_days: 365, scopes: ["read", "write"] }]);
  await user.click(screen.getByRole("button", { name: "Copy" }));
  expect(await screen.findByText("Copied.")).toBeInTheDocument();
  expect(await navigator.clipboard.readText()).toBe(SECRET);
  await user.click(screen.getByRole("button", { name: "Done" }));
  expect(document.body).not.toHaveTextContent(SECRET);
  expect(await screen.findByText("The token “backup” is ready.")).toBeInTheDocument();

  const section = screen.getByRole("region", { name: "Tokens for scripts" });
  expect(await within(section).findByText("Read and change")).toBeInTheDocument();
  expect(section).toHaveTextContent("never used");
  await user.click(screen.getByRole("button", { name: "Revoke the token backup" }));
  await user.click(screen.getByRole("button", { name: "Revoke" }));
  expect(await screen.findByText("The token “backup” is revoked.")).toBeInTheDocument();
  expect(await screen.findByText("You have no tokens")).toBeInTheDocument();
});

/** Plain http has no clipboard; others refuse, or have no `writeText`. */
const clipboards: [string, unknown][] = [
  ["there is none", undefined],
  ["it refuses", { writeText: () => Promise.reject(new DOMException("no", "NotAllowedError")) }],
  ["it is half there", {}],
];
test.each(clipboards)("a token is not lost where the clipboard cannot be used: %s", async (_, clipboard) => {
  const user = userEvent.setup();
  renderApp("/account");
  await fillIn("backup");
  expect(await screen.findByText(SECRET)).toBeInTheDocument();
  vi.spyOn(navigator, "clipboard", "get").mockReturnValue(clipboard as Clipboard);
  await user.click(screen.getByRole("button", { name: "Copy" }));
  expect(await screen.findByText(/Your browser does not allow copying here/)).toHaveRole("status");
  expect(getSelection()?.toString()).toBe(SECRET);
  expect(screen.getByText(SECRET)).toBeVisible();
});

test("where the password is wanted once more, what was begun goes on after it", async () => {
  let fresh = false;
  const create = { count: 0 };
  server.use(
    http.post("*/api/tokens", () => {
      create.count += 1;
      return fresh ? undefined : problem(403, "reauth_required");
    }),
    http.post("*/api/reauth", async ({ request }) => {
      const { password } = (await request.json()) as { password: string };
      if (password !== "right") return problem(401, "invalid_credentials");
      fresh = true;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/account");
  await fillIn("backup");
  const dialog = await screen.findByRole("dialog", { name: "Confirm that it is you" });
  await userEvent.type(within(dialog).getByLabelText("Password"), "wrong");
  await userEvent.click(within(dialog).getByRole("button", { name: "Confirm" }));
  expect(await within(dialog).findByRole("alert")).toHaveTextContent("The password is wrong.");
  await userEvent.clear(within(dialog).getByLabelText("Password"));
  await userEvent.type(within(dialog).getByLabelText("Password"), "right");
  await userEvent.click(within(dialog).getByRole("button", { name: "Confirm" }));
  expect(await screen.findByText(SECRET)).toBeInTheDocument();
  expect(wanted.map(({ name }) => name)).toEqual(["backup"]);
  expect(create.count).toBe(2);
});

test("who does not give it is told that nothing was changed, and keeps what was typed", async () => {
  server.use(http.post("*/api/tokens", () => problem(403, "reauth_required")));
  renderApp("/account");
  await fillIn("backup");
  await screen.findByRole("dialog", { name: "Confirm that it is you" });
  await userEvent.click(screen.getAllByRole("button", { name: "Cancel" }).at(-1) ?? document.body);
  await waitFor(() => {
    expect(screen.queryByRole("dialog", { name: "Confirm that it is you" })).toBeNull();
  });
  const dialog = screen.getByRole("dialog", { name: "New token" });
  expect(within(dialog).getByRole("alert")).toHaveTextContent("nothing was changed");
  expect(within(dialog).getByLabelText("Name")).toHaveValue("backup");
});

test("too many, and what the server says of a field", async () => {
  server.use(http.post("*/api/tokens", () => problem(409, "too_many_tokens")));
  renderApp("/account");
  await fillIn("backup");
  expect(await screen.findByRole("alert")).toHaveTextContent("Revoke one first.");
  server.use(
    http.post("*/api/tokens", () =>
      problem(422, "invalid_input", {
        errors: [{ field: "name", message: "must not contain control characters" }],
      }),
    ),
  );
  await userEvent.click(screen.getByRole("button", { name: "Create token" }));
  expect(await screen.findByText("The name must not contain control characters.")).toBeInTheDocument();
});
