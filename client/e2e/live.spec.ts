import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

/** Below the server's heartbeat of 15 seconds: what shows by then was told when it happened. */
const TOLD = { timeout: 10_000 };

/** The moment from which the page follows the server, in whichever tab. */
async function untilFollowed(page: Page): Promise<void> {
  await page.waitForResponse("**/api/events");
}

/** The colours of what hides the page behind a dialog, and of the page. */
async function colours(page: Page): Promise<string[]> {
  return page
    .getByRole("dialog")
    .evaluate((dialog) => [
      getComputedStyle(dialog, "::backdrop").backgroundColor,
      getComputedStyle(document.documentElement).backgroundColor,
    ]);
}

test("a session ended elsewhere: a sentence, nothing to see, and nothing lost", async ({
  page,
  person,
  otherBrowser,
}) => {
  await person.signIn(page);
  const other = await otherBrowser();
  await person.signIn(other);
  const followed = untilFollowed(page);
  await page.goto("/search");
  await page.getByRole("searchbox").fill("somebody");
  await followed;

  await other.goto("/account");
  await other.getByRole("button", { name: "End all others" }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await other.getByRole("button", { name: "End it" }).click();
  await expect(other.getByText("One session has ended.")).toBeVisible();
  await expect(dialog).toContainText("This session was ended from another device.", TOLD);
  const [cover, paper] = await colours(page);
  expect(cover).toBe(paper);

  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("searchbox")).toHaveValue("somebody");
});

test("eight tabs follow through one stream, and the next takes over", async ({
  page,
  context,
  person,
  server,
}) => {
  const streams: string[] = [];
  context.on("request", (request) => {
    if (request.url().endsWith("/api/events")) streams.push(request.url());
  });
  const followed = untilFollowed(page);
  await person.signIn(page);
  await followed;
  const tabs = [page];
  for (let number = 1; number < 8; number += 1) {
    const tab = await context.newPage();
    await tab.goto("/account");
    await expect(tab.getByText("This device")).toBeVisible();
    tabs.push(tab);
  }
  expect(streams).toHaveLength(1);

  const next = context.waitForEvent("response", (response) => response.url().endsWith("/api/events"));
  await page.close();
  await next;
  expect(streams).toHaveLength(2);
  await person.endEverySession(server);
  for (const tab of tabs.slice(1))
    await expect(tab.getByRole("dialog")).toContainText("ended from another device", TOLD);
});

test("after it, neither the page nor the way back shows anything", async ({ page, person, server }) => {
  await person.signIn(page);
  const followed = untilFollowed(page);
  await page.goto("/account");
  await followed;
  await expect(page.getByText("This device")).toBeVisible();
  server.command("user", "disable", person.username);
  await expect(page.getByRole("dialog")).toContainText("Your account has been disabled", TOLD);
  await page.getByRole("button", { name: "Sign in as somebody else" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  await expect(page.getByText("This device")).toHaveCount(0);
});

test("a change by an administrator shows by itself", async ({ page, person, admin, otherBrowser }) => {
  const followed = untilFollowed(page);
  await person.signIn(page);
  await followed;
  const other = await otherBrowser();
  await admin.signIn(other);
  await other.goto("/admin/users");
  await other.getByLabel("Username or name").fill(person.username);
  const row = other.getByRole("listitem").filter({ hasText: new RegExp(`${person.username}(?!\\d)`) });
  await row.getByRole("link").click();
  await other.getByLabel("Name", { exact: true }).fill("Somebody Else");
  await other.getByRole("button", { name: "Save" }).click();
  await expect(other.getByText("Saved.")).toBeVisible();
  await expect(page.getByText("Somebody Else").first()).toBeAttached(TOLD);
});

test("the server goes for a moment: followed again, and nobody disturbed", async ({
  page,
  person,
  server,
}) => {
  const followed = untilFollowed(page);
  await person.signIn(page);
  await followed;
  await server.kill();
  const again = page.waitForResponse((response) => response.url().endsWith("/api/events") && response.ok());
  await server.startApi();
  await again;
  await expect(page.getByText("Cannot reach the server.")).toHaveCount(0);
  await person.endEverySession(server);
  await expect(page.getByRole("dialog")).toContainText("ended from another device", TOLD);
});
