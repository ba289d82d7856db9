import { type Browser, type Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";

const NEW = "other words nobody guesses";

async function open(browser: Browser): Promise<Page> {
  return (await browser.newContext()).newPage();
}

test("a link stays in the address until it is used, and reaches no referrer", async ({
  page,
  server,
  browser,
  person,
}, info) => {
  const path = new URL(server.resetLink(person.username)).pathname;
  const token = path.slice("/link/".length);
  const referrers: string[] = [];
  page.on("request", (request) => {
    void request.allHeaders().then(({ referer = "" }) => referrers.push(referer));
  });
  await page.goto(path);
  await expect(page.getByLabel("New password")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("New password")).toBeVisible();
  // Opened in a mail app's own browser, and passed on to another one.
  const other = await open(browser);
  await other.goto(page.url());
  await other.getByLabel("New password").fill(NEW);
  await other.getByRole("button", { name: "Set password" }).click();
  await expect(other.getByRole("heading", { level: 1, name: "Your password is set" })).toBeVisible();
  await expect(other).toHaveURL(/\/link$/);
  await page.getByRole("link", { name: "Hallpass" }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(referrers.length).toBeGreaterThan(4);
  // Parts that the development server adds to the page tell that server, and nobody else, which page it is.
  if (info.project.name !== "dev") {
    expect(referrers.filter((referrer) => referrer.includes(token))).toEqual([]);
    expect(referrers.filter((referrer) => referrer !== "" && new URL(referrer).pathname !== "/")).toEqual([]);
  }
  await other.goto(server.url + path);
  await expect(other.getByText("This link has expired or was already used").first()).toBeVisible();
  await other.context().close();
});

test("signing in keeps the whole address", async ({ page, person }) => {
  const address = /\/account\?from=mail#tokens$/;
  await page.goto("/account?from=mail#tokens");
  await person.fillSignIn(page);
  await expect(page.getByText("This device")).toBeVisible();
  await expect(page).toHaveURL(address);
});

test("creating an account keeps the whole address", async ({ page, person }) => {
  await page.goto("/search?q=p#results");
  await page.getByRole("link", { name: "Create one" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Create an account" })).toBeVisible();
  await page.getByLabel("Username").fill(`${person.username}-new`);
  await page.getByLabel("Password", { exact: true }).fill(NEW);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "People" })).toBeVisible();
  await expect(page).toHaveURL(/\/search\?q=p#results$/);
});

test("another account, after a session has ended, keeps the whole address", async ({
  page,
  person,
  server,
}) => {
  await person.signIn(page);
  await page.goto("/account?a=b#tokens");
  await expect(page.getByText("This device")).toBeVisible();
  await person.endEverySession(server);
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await dialog.getByRole("button", { name: "Sign in as somebody else" }).click();
  await expect(page).toHaveURL(/\/login\?next=%2Faccount%3Fa%3Db%23tokens$/);
});
