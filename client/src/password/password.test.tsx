import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { beforeEach, expect, test } from "vitest";
import { SESSION_KEY } from "#auth/session.ts";
import { renderApp } from "#testing/app.tsx";
import { answerMe, answerTokens, notSignedIn, person, problem, server } from "#testing/server.ts";

let answer: () => Response;
let sent: unknown[];

beforeEach(() => {
  sent = [];
  answerMe(() => person("alice"));
  answerTokens([]);
  server.use(
    http.get("*/api/sessions", () => HttpResponse.json({ items: [], next_cursor: null })),
    http.post("*/api/password", async ({ request }) => {
      sent.push(await request.json());
      return answer();
    }),
  );
});

async function change(current: string, next: string) {
  await userEvent.clear(await screen.findByLabelText("Current password"));
  await userEvent.type(screen.getByLabelText("Current password"), current);
  await userEvent.clear(screen.getByLabelText("New password"));
  await userEvent.type(screen.getByLabelText("New password"), next);
  await userEvent.click(screen.getByRole("button", { name: "Change password" }));
}

test("says that it is changed, and forgets what was typed", async () => {
  answer = () => new HttpResponse(null, { status: 204 });
  renderApp("/account");
  await change("old words", "new words");
  expect(await screen.findByText("Your password is changed.")).toBeInTheDocument();
  expect(sent).toEqual([{ current_password: "old words", new_password: "new words" }]);
  expect(screen.getByLabelText("Current password")).toHaveValue("");
  expect(screen.getByLabelText("New password")).toHaveValue("");
});

test("whose password has just changed is not asked to sign in for an answer to the cookie before", async () => {
  let cookie = "old";
  let isHeld = false;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  server.use(
    http.get("*/api/me", async () => {
      const sent = cookie;
      if (isHeld && sent === "old") await held;
      return sent === cookie ? HttpResponse.json(person("alice")) : notSignedIn();
    }),
  );
  answer = () => {
    cookie = "new";
    return new HttpResponse(null, { status: 204 });
  };
  const queryClient = renderApp("/account");
  await screen.findByLabelText("Current password");
  isHeld = true;
  void queryClient.invalidateQueries({ queryKey: SESSION_KEY });
  await change("old words", "new words");
  expect(await screen.findByText("Your password is changed.")).toBeInTheDocument();
  release();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(screen.queryByRole("dialog", { name: "Sign in again" })).toBeNull();
});

test("a wrong password and a bad one are said beside their fields", async () => {
  answer = () => problem(401, "invalid_credentials");
  renderApp("/account");
  await change("wrong", "new words");
  expect(await screen.findByText("The password is wrong.")).toBeInTheDocument();
  expect(screen.getByLabelText("Current password")).toBeInvalid();
  answer = () =>
    problem(422, "invalid_input", {
      errors: [{ field: "new_password", message: "must have at least 12 characters" }],
    });
  await change("right", "short");
  expect(await screen.findByText("The password must have at least 12 characters.")).toBeInTheDocument();
  expect(screen.getByLabelText("New password")).toBeInvalid();
  expect(screen.getByLabelText("New password")).toHaveValue("short");
});

test("the page that password managers open asks for the new password", async () => {
  answer = () => new HttpResponse(null, { status: 204 });
  renderApp("/account/security");
  expect(await screen.findByRole("heading", { level: 1, name: "Security" })).toBeInTheDocument();
  expect(screen.getByRole("region", { name: "Sessions" })).toBeInTheDocument();
  await change("old words", "new words");
  expect(await screen.findByText("Your password is changed.")).toBeInTheDocument();
});
