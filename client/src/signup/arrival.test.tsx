import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { http, HttpResponse } from "msw";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { LinkInfo, Me, RegisterRequest, SetupRequest } from "#api/gen/types.gen.ts";
import { renderApp } from "#testing/app.tsx";
import { answerFeatures, answerMe, features, notSignedIn, person, problem, server } from "#testing/server.ts";

const PASSWORD = "other words nobody guesses";
let me: Me | null;

beforeEach(() => {
  me = null;
  answerMe(() => me ?? notSignedIn());
  const time = "2026-01-01T00:00:00.000000Z";
  server.use(
    http.get("*/api/servertime", () => HttpResponse.json({ time })),
    http.get("*/api/sessions", () => HttpResponse.json({ items: [], next_cursor: null })),
  );
});

afterEach(() => {
  vi.useRealTimers();
});

function answerRegister(answer: (wish: RegisterRequest) => Response) {
  server.use(
    http.post("*/api/register", async ({ request }) => answer((await request.json()) as RegisterRequest)),
  );
}

async function fillIn(username: string) {
  await userEvent.type(await screen.findByLabelText("Username"), username);
  await userEvent.type(screen.getByLabelText("Password"), PASSWORD);
}

test("who registers is signed in and home", async () => {
  const wishes: unknown[] = [];
  answerRegister((wish) => {
    wishes.push(wish);
    me = person(wish.username);
    return HttpResponse.json(me, { status: 201 });
  });
  renderApp("/register");
  await fillIn("carol");
  await userEvent.type(screen.getByLabelText("E-mail address (optional)"), " carol@example.com ");
  await userEvent.click(screen.getByRole("button", { name: "Create account" }));
  expect(await screen.findByRole("heading", { level: 1, name: /Hello/ })).toBeInTheDocument();
  expect(wishes).toEqual([
    { username: "carol", password: PASSWORD, full_name: "", email: "carol@example.com" },
  ]);
  expect(screen.getByTestId("where")).toHaveTextContent("/");
});

test("an account is created on the way to a page, and the way leads there", async () => {
  answerRegister((wish) => {
    me = person(wish.username);
    return HttpResponse.json(me, { status: 201 });
  });
  renderApp("/account/security?from=mail#password");
  await userEvent.click(await screen.findByRole("link", { name: "Create one" }));
  await fillIn("carol");
  await userEvent.click(screen.getByRole("button", { name: "Create account" }));
  expect(await screen.findByRole("heading", { level: 1, name: "Security" })).toBeInTheDocument();
  expect(screen.getByTestId("where")).toHaveTextContent(/^\/account\/security\?from=mail#password$/);
});

test("a closed registration says so and keeps nobody typing", async () => {
  answerFeatures({ registration: "closed" });
  renderApp("/register");
  expect(await screen.findByText("Sign-up is by invitation only")).toBeInTheDocument();
  expect(screen.queryByLabelText("Username")).toBeNull();
});

test("what is wrong stands beside its field, and nothing typed is lost", async () => {
  const answers = [
    problem(409, "username_taken"),
    problem(409, "email_taken"),
    problem(422, "invalid_input", {
      errors: [{ field: "password", message: "is one of the first that would be guessed" }],
    }),
  ];
  answerRegister(() => answers.shift() ?? HttpResponse.error());
  renderApp("/register");
  await fillIn("carol");
  const send = () => userEvent.click(screen.getByRole("button", { name: "Create account" }));
  await send();
  expect(await screen.findByText("Somebody has that username. Choose another.")).toBeInTheDocument();
  await send();
  expect(await screen.findByText("Somebody has that e-mail address.")).toBeInTheDocument();
  await send();
  expect(
    await screen.findByText("The password is one of the first that would be guessed."),
  ).toBeInTheDocument();
  expect(screen.getByLabelText("Username")).toHaveValue("carol");
  expect(screen.getByLabelText("Password")).toHaveValue(PASSWORD);
});

test("the password is judged while it is typed", async () => {
  renderApp("/register");
  await userEvent.type(await screen.findByLabelText("Username"), "carolina");
  await userEvent.type(screen.getByLabelText("Password"), "short");
  expect(screen.getByText("5 of at least 12 characters")).toBeInTheDocument();
  await userEvent.clear(screen.getByLabelText("Password"));
  await userEvent.type(screen.getByLabelText("Password"), "carolina1234");
  expect(screen.getByText("Little more than your own name or address")).toBeInTheDocument();
  await userEvent.clear(screen.getByLabelText("Password"));
  await userEvent.type(screen.getByLabelText("Password"), PASSWORD);
  expect(screen.getByText("Very good")).toBeInTheDocument();
});

test("the first administrator is made with the token behind the #", async () => {
  let wish: SetupRequest | undefined;
  answerFeatures({ setup_needed: true });
  server.use(
    http.post("*/api/setup", async ({ request }) => {
      wish = (await request.json()) as SetupRequest;
      me = { ...person(wish.username), role: "admin" };
      return HttpResponse.json(me, { status: 201 });
    }),
  );
  renderApp("/setup#token=the-token");
  await fillIn("root");
  expect(screen.getByTestId("where")).toHaveTextContent(/^\/setup#token=the-token$/);
  await userEvent.click(screen.getByRole("button", { name: "Create administrator" }));
  expect(await screen.findByRole("heading", { level: 1, name: /Hello/ })).toBeInTheDocument();
  expect(wish).toEqual({ token: "the-token", username: "root", password: PASSWORD, full_name: "" });
  expect(screen.getByTestId("where")).toHaveTextContent(/^\/$/);
});

test("without a token, and when all is done, the set-up page says so", async () => {
  answerFeatures({ setup_needed: true });
  renderApp("/setup");
  expect(await screen.findByText(/Open the setup link in the server/)).toBeInTheDocument();
  answerFeatures({ setup_needed: false });
  renderApp("/setup#token=x");
  expect(await screen.findByText("Hallpass is set up already")).toBeInTheDocument();
});

const invitation: LinkInfo = {
  purpose: "invitation",
  username: "carol",
  full_name: "",
  email: null,
  expires_at: "2036-01-01T00:00:00.000000Z",
};

test("a link says what it is for, and its token leaves the address once it is used", async () => {
  let password: unknown;
  server.use(
    http.get("*/api/links/the-token", () => HttpResponse.json(invitation)),
    http.post("*/api/links/the-token", async ({ request }) => {
      password = await request.json();
      return new HttpResponse(null, { status: 204 });
    }),
  );
  renderApp("/link/the-token");
  expect(await screen.findByText(/You are invited as carol/)).toBeInTheDocument();
  expect(screen.getByTestId("where")).toHaveTextContent(/^\/link\/the-token$/);
  await userEvent.type(screen.getByLabelText("New password"), PASSWORD);
  await userEvent.click(screen.getByRole("button", { name: "Set password" }));
  expect(await screen.findByRole("heading", { name: "Your password is set" })).toBeInTheDocument();
  expect(password).toEqual({ password: PASSWORD });
  await waitFor(() => {
    expect(screen.getByTestId("where")).toHaveTextContent(/^\/link$/);
  });
  expect(screen.getByRole("heading", { name: "Your password is set" })).toBeInTheDocument();
});

test("a reset says that it signs out, and what the server thinks of the password", async () => {
  server.use(
    http.get("*/api/links/the-token", () => HttpResponse.json({ ...invitation, purpose: "password_reset" })),
    http.post("*/api/links/the-token", () =>
      problem(422, "invalid_input", {
        errors: [{ field: "password", message: "must have at least 20 characters" }],
      }),
    ),
  );
  renderApp("/link/the-token");
  expect(await screen.findByText(/You will be signed out everywhere/)).toBeInTheDocument();
  await userEvent.type(screen.getByLabelText("New password"), PASSWORD);
  await userEvent.click(screen.getByRole("button", { name: "Set password" }));
  expect(await screen.findByText("The password must have at least 20 characters.")).toBeInTheDocument();
});

test("a link that is used up says so", async () => {
  server.use(http.get("*/api/links/:token", () => problem(404, "not_found")));
  renderApp("/link/the-token");
  expect(await screen.findByText("Links work once")).toBeInTheDocument();
});

test("a link that verifies an address says which, and asks for nothing but a click", async () => {
  const answers = [problem(409, "email_taken"), new HttpResponse(null, { status: 204 })];
  const bodies: unknown[] = [];
  const email = "carol@new.example";
  server.use(
    http.get("*/api/links/the-token", () =>
      HttpResponse.json({ ...invitation, purpose: "email_verification", email }),
    ),
    http.post("*/api/links/the-token", async ({ request }) => {
      bodies.push(await request.json());
      return answers.shift() ?? HttpResponse.error();
    }),
  );
  renderApp("/link/the-token");
  expect(await screen.findByText(`${email} becomes the address of carol.`)).toBeInTheDocument();
  expect(bodies).toEqual([]);
  const confirm = () => userEvent.click(screen.getByRole("button", { name: "Confirm this address" }));
  await confirm();
  expect(await screen.findByText("Somebody has that e-mail address.")).toBeInTheDocument();
  await confirm();
  expect(await screen.findByRole("heading", { name: "Your address is confirmed" })).toBeInTheDocument();
  expect(bodies).toEqual([{}, {}]);
});

test("who has forgotten a password is told the same, whoever they are", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const answers = [
    problem(429, "too_many_attempts", {}, { "retry-after": "1" }),
    problem(422, "invalid_input", { errors: [{ field: "username", message: "must not be empty" }] }),
    new HttpResponse(null, { status: 202 }),
  ];
  const asked: unknown[] = [];
  server.use(
    http.post("*/api/forgot-password", async ({ request }) => {
      asked.push(await request.json());
      return answers.shift() ?? HttpResponse.error();
    }),
  );
  renderApp("/account#sessions");
  await userEvent.click(await screen.findByRole("link", { name: "Forgot your password?" }));
  expect(await screen.findByRole("heading", { name: "Forgotten password" })).toBeInTheDocument();
  expect(screen.getByTestId("where")).toHaveTextContent("/forgot-password?next=%2Faccount%23sessions");
  const send = () => userEvent.click(screen.getByRole("button", { name: "Send link" }));
  await userEvent.type(screen.getByLabelText("Username or e-mail address"), " carol ");
  await send();
  expect(await screen.findByText("Try again in 1 s.")).toBeInTheDocument();
  vi.setSystemTime(Date.now() + 1_000);
  expect(await screen.findByText(/You can try again now/)).toBeInTheDocument();
  await send();
  expect(await screen.findByText("The name must not be empty.")).toBeInTheDocument();
  await send();
  expect(await screen.findByRole("heading", { name: "Check your e-mail" })).toBeInTheDocument();
  expect(screen.getByText(/Otherwise ask your administrator/)).toBeInTheDocument();
  const back = screen.getByRole("link", { name: "Back to sign in" });
  expect(back).toHaveAttribute("href", "/login?next=%2Faccount%23sessions");
  expect(asked).toEqual([{ username: "carol" }, { username: "carol" }, { username: "carol" }]);
});

test("the sign-in page offers what this server offers, and nothing before it knows", async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  server.use(
    http.get("*/api/features", async () => {
      await held;
      return HttpResponse.json(features({ mail: false, registration: "closed", setup_needed: true }));
    }),
  );
  renderApp("/login");
  expect(await screen.findByRole("button", { name: "Sign in" })).toBeInTheDocument();
  const offers = () => screen.queryAllByRole("link", { name: /Create one|Forgot your password/ });
  expect(offers()).toEqual([]);
  release();
  expect(await screen.findByText(/Open the setup link in the server/)).toBeInTheDocument();
  expect(offers()).toEqual([]);
});

test("where the server does not say what it offers, everything is offered and signing in works", async () => {
  server.use(
    http.get("*/api/features", () => problem(404, "not_found")),
    http.post("*/api/login", () => {
      me = person("alice");
      return HttpResponse.json(me);
    }),
  );
  renderApp("/login");
  expect(await screen.findByRole("link", { name: "Create one" })).toBeInTheDocument();
  expect(screen.getByRole("link", { name: "Forgot your password?" })).toBeInTheDocument();
  await userEvent.type(screen.getByLabelText(/Username/), "alice");
  await userEvent.type(screen.getByLabelText("Password"), "x{Enter}");
  expect(await screen.findByRole("heading", { level: 1, name: /Hello/ })).toBeInTheDocument();
});

test("where there is no mail, the administrator is asked for a link", async () => {
  answerFeatures({ mail: false });
  renderApp("/forgot-password?next=/search");
  expect(await screen.findByText("This server sends no e-mail")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Send link" })).toBeNull();
  expect(screen.getByRole("link", { name: "Back to sign in" })).toHaveAttribute(
    "href",
    "/login?next=%2Fsearch",
  );
});

test("a new password is measured by this server's least length", async () => {
  answerFeatures({ password: { login: true, min_length: 20 } });
  renderApp("/register");
  await userEvent.type(await screen.findByLabelText("Password"), "short");
  expect(screen.getByText("5 of at least 20 characters")).toBeInTheDocument();
});
