import { request } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { PASSWORD, type Server } from "./server.ts";

test("sign in, stay signed in after a reload", async ({ page, person }) => {
  await person.signIn(page);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Hello, Test Person" })).toBeVisible();
  await expect(page.getByText(person.username).first()).toBeVisible();
});

test("a wrong password is said, the name stays and the password is selected", async ({ page, person }) => {
  await page.goto("/login");
  await person.fillSignIn(page, "not the password");
  await expect(page.getByRole("alert")).toContainText("The username or the password is wrong.");
  await expect(page.getByLabel("Username or e-mail address")).toHaveValue(person.username);
  const password = page.getByLabel("Password", { exact: true });
  await expect(password).toBeFocused();
  const selected = await password.evaluate((input: HTMLInputElement) => [
    input.selectionStart,
    input.selectionEnd,
  ]);
  expect(selected).toEqual([0, "not the password".length]);
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
});

test("a guarded page comes back after signing in", async ({ page, person }) => {
  await page.goto("/search?q=p");
  await expect(page).toHaveURL(/\/login\?next=%2Fsearch%3Fq%3Dp$/);
  await person.fillSignIn(page);
  await expect(page).toHaveURL(/\/search\?q=p$/);
  await expect(page.getByRole("heading", { level: 1, name: "People" })).toBeVisible();
});

test("a foreign return address is not followed", async ({ page, person }) => {
  await page.goto("/login?next=//evil.example/");
  await person.fillSignIn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
});

/** Strangers, each from an address of their own, try the name until the wait takes so many seconds. */
async function hammer(server: Server, username: string, seconds: number): Promise<void> {
  for (let address = 1; ; address++) {
    const stranger = await request.newContext({
      baseURL: server.url,
      extraHTTPHeaders: { "x-forwarded-for": `198.51.100.${String(address)}` },
    });
    const answer = await stranger.post("/api/login", { data: { username, password: "wrong" } });
    const wait = Number(answer.headers()["retry-after"] ?? 0);
    await stranger.dispose();
    if (wait >= seconds) return;
    await new Promise((done) => setTimeout(done, wait * 1_000));
  }
}

test("who has to wait sees how long, and goes on with what was typed", async ({
  page,
  person,
  server,
  axe,
}) => {
  await page.goto("/login");
  const button = page.getByRole("button", { name: "Sign in" });
  await page.getByLabel("Username or e-mail address").fill(person.username);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await hammer(server, person.username, 8);
  await button.click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText(/Too many attempts\..* Try again in \d\ss\./);
  await expect(button).toHaveAttribute("aria-disabled", "true");
  await expect(button).toBeFocused();
  await axe(page);
  await expect(alert).toContainText("You can try again now.");
  await expect(button).not.toHaveAttribute("aria-disabled");
  await expect(page.getByLabel("Username or e-mail address")).toHaveValue(person.username);
  await expect(page.getByLabel("Password", { exact: true })).toHaveValue(PASSWORD);
  await expect(button).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
});

test("a browser that its owner has used does not wait for strangers", async ({ page, person, server }) => {
  await person.signIn(page);
  await page.context().clearCookies({ name: /session_id|refresh_token/ });
  await hammer(server, person.username, 2);
  await person.signIn(page);
});

test("signing out needs a press of a button, and is followed by the other tab", async ({
  page,
  context,
  person,
}) => {
  await person.signIn(page);
  const second = await context.newPage();
  await second.goto("/account");
  await expect(second.getByText("This device")).toBeVisible();

  await page.goto("/logout");
  await expect(page.getByRole("button", { name: "Sign out" })).toBeVisible();
  await second.reload();
  await expect(second.getByText("This device")).toBeVisible();

  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "You are signed out" })).toBeVisible();
  await expect(second.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  await expect(second.getByRole("dialog")).toHaveCount(0);

  await person.signIn(page);
  await expect(second).toHaveURL(/\/account$/);
  await expect(second.getByText("This device")).toBeVisible();
});

test("the whole way with the keyboard alone", async ({ page, person }) => {
  await page.goto("/login");
  await expect(page.getByLabel("Username or e-mail address")).toBeFocused();
  await page.keyboard.type(person.username);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeFocused();

  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Account and sessions" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("link", { name: "Account and sessions" })).toBeHidden();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Sign out" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "You are signed out" })).toBeVisible();
});

test("nothing of the session is within reach of scripts", async ({ page, person }) => {
  await person.signIn(page);
  const reach = await page.evaluate(async () => ({
    cookie: document.cookie,
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
  }));
  expect(reach).toEqual({ cookie: "", local: 0, session: 0, databases: 0 });
});
