import type { Page } from "@playwright/test";
import { deafen, expect, test, untilQuiet } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

/** Nothing of a token is ever kept where a script of somebody else's could find it later. */
async function nothingIsStored(page: Page): Promise<void> {
  const stored = await page.evaluate(async () => ({
    local: Object.keys(localStorage),
    session: Object.keys(sessionStorage),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    cookies: document.cookie
      .split("; ")
      .map((pair) => pair.split("=")[0])
      .filter((name) => name !== "" && name !== "theme"),
  }));
  expect(stored).toEqual({ local: [], session: [], databases: [], cookies: [] });
}

function countRenewals(page: Page): { count: number } {
  const renewals = { count: 0 };
  page.on("request", (request) => {
    if (request.url().endsWith("/api/refresh-token")) renewals.count += 1;
  });
  return renewals;
}

test("signs in, is renewed before the token ends, and survives a reload", async ({ page, person }) => {
  await page.clock.install();
  const renewals = countRenewals(page);
  await page.goto("/login");
  await nothingIsStored(page);
  await person.fillSignIn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  await nothingIsStored(page);
  const cookies = await page.context().cookies();
  expect(cookies.map(({ name, httpOnly }) => [name, httpOnly])).toContainEqual(["refresh_token", true]);
  expect(cookies.map(({ name }) => name)).not.toContain("session_id");

  const before = renewals.count;
  await page.clock.fastForward("03:00");
  await page.goto("/search");
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await page.clock.fastForward("04:45");
  await expect.poll(() => renewals.count).toBeGreaterThan(before + 1);
  await nothingIsStored(page);

  await page.reload();
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await page.goto("/account");
  await expect(page.getByText("This device")).toBeVisible();
  await nothingIsStored(page);
});

test("a machine that slept for an hour goes on without a word", async ({ page, person }) => {
  await page.clock.install();
  await person.signIn(page);
  await page.goto("/search");
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await page.clock.pauseAt(Date.now() + 3_600_000);
  await page.clock.resume();
  await page.getByRole("searchbox").fill(person.username);
  await expect(page.getByRole("listitem")).toHaveCount(1);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("two tabs: one renewal, one sign-out", async ({ page, person }) => {
  await person.signIn(page);
  const other = await page.context().newPage();
  await other.goto("/account");
  await expect(other.getByText("This device")).toBeVisible();
  await nothingIsStored(other);
  await other.goto("/logout");
  await other.getByRole("button", { name: "Sign out" }).click();
  await expect(
    other.getByRole("heading", { level: 1, name: "Sign in" }).or(other.getByText("signed out")),
  ).toBeVisible();
  await page.bringToFront();
  await expect(page.getByRole("link", { name: "Sign in" }).first()).toBeVisible();
  expect((await page.context().cookies()).map(({ name }) => name)).not.toContain("refresh_token");
  await page.goto("/account");
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
});

test("offline and back: nobody is signed out, and the token is renewed", async ({ page, person }) => {
  await page.clock.install();
  await person.signIn(page);
  await page.goto("/search");
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await page.context().setOffline(true);
  await page.clock.fastForward("06:00");
  await page.getByRole("searchbox").fill("test");
  await expect(page.getByText("Cannot reach the server.")).toBeVisible();
  await page.context().setOffline(false);
  await page.clock.fastForward("00:10");
  await expect(page.getByText("Cannot reach the server.")).toHaveCount(0);
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("searchbox")).toHaveValue("test");
  await nothingIsStored(page);
});

test("an access token of an ended session is refused at once", async ({ page, person, otherBrowser }) => {
  await person.signIn(page);
  const other = await otherBrowser();
  await deafen(other.context());
  const quiet = untilQuiet(other);
  await person.signIn(other);
  await quiet;
  await page.goto("/account");
  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByRole("button", { name: "End it" }).click();
  await expect(page.getByText("One session has ended.")).toBeVisible();
  await other.getByRole("link", { name: "People", exact: true }).click();
  await expect(other.getByRole("dialog")).toContainText("This session was ended from another device.");
  await other.getByRole("dialog").getByLabel("Password", { exact: true }).fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(other.getByRole("listitem").first()).toBeVisible();
});
