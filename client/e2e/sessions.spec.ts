import type { Page } from "@playwright/test";
import { deafen, expect, test, untilQuiet } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

/** Opens the directory, and waits until it is quiet. */
async function openDirectory(page: Page): Promise<void> {
  await page.goto("/search", { waitUntil: "commit" });
  await untilQuiet(page);
  await expect(page.getByRole("listitem").first()).toBeVisible();
}

test("end another session, and that browser is signed out at its next action", async ({
  page,
  person,
  otherBrowser,
}) => {
  await person.signIn(page);
  const other = await otherBrowser();
  await deafen(other.context());
  await person.signIn(other);
  await openDirectory(other);

  await page.goto("/account");
  await page.getByRole("button", { name: /End the session of Chrome on Linux/ }).click();
  await expect(page.getByRole("dialog")).toContainText("Chrome on Linux");
  await page.getByRole("button", { name: "End session" }).click();
  await expect(page.getByText("The session of Chrome on Linux has ended.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Sessions" })).toBeFocused();
  await expect(page.getByText("You are signed in nowhere else.")).toBeVisible();

  await other.getByRole("searchbox").fill("test");
  const dialog = other.getByRole("dialog");
  await expect(dialog).toContainText("This session was ended from another device.");
  await other.getByRole("button", { name: "Sign in as somebody else" }).click();
  await expect(other.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
  await expect(
    other.getByRole("status").filter({ hasText: "This session was ended from another device." }),
  ).toBeVisible();

  await page.getByText("Recently ended").click();
  await expect(page.getByText("(ended before its time)")).toBeVisible();
});

test("end all others", async ({ page, person, otherBrowser }) => {
  await person.signIn(page);
  for (const other of [await otherBrowser(), await otherBrowser()]) await person.signIn(other);
  await page.goto("/account");
  await page.getByRole("button", { name: "End all others" }).click();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "End all others" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "End them" }).click();
  await expect(page.getByText("2 sessions have ended.")).toBeVisible();
  await expect(page.getByText("This device")).toBeVisible();
});

test("a session that ends under a half-filled page: dialog, password, and everything goes on", async ({
  page,
  person,
  server,
}) => {
  server.createPerson(`zz-${person.username}`, "Zelda Found");
  await deafen(page.context());
  await person.signIn(page);
  await openDirectory(page);
  await person.endEverySession(server);

  await page.getByRole("searchbox").fill(`zz-${person.username}`);
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await expect(dialog).toContainText("This session was ended from another device.");
  await expect(dialog.getByLabel("Password", { exact: true })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();

  await dialog.getByLabel("Password", { exact: true }).fill("not the password");
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(dialog.getByRole("alert")).toContainText("wrong");
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in", exact: true }).click();

  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole("searchbox")).toHaveValue(`zz-${person.username}`);
  await expect(page.getByText("Zelda Found")).toBeVisible();
});

test("an ended session is explained after a reload too", async ({ page, person, server }) => {
  await person.signIn(page);
  await page.goto("/account");
  await expect(page.getByText("This device")).toBeVisible();
  await person.endEverySession(server);
  await page.reload();
  await expect(page).toHaveURL(/\/login\?next=%2Faccount$/);
  await expect(
    page.getByRole("status").filter({ hasText: "This session was ended from another device." }),
  ).toBeVisible();
});

test("a change of the password by the administrator is told as the reason", async ({
  page,
  person,
  server,
}) => {
  await deafen(page.context());
  await person.signIn(page);
  await openDirectory(page);
  server.command("user", "set-password", person.username, "--password-stdin");
  await page.getByRole("searchbox").fill("test");
  await expect(page.getByRole("dialog")).toContainText("your password was changed");
});

test("signing in again in one tab unlocks the other", async ({ page, context, person, server }) => {
  await deafen(context);
  await person.signIn(page);
  const second = await context.newPage();
  for (const tab of [page, second]) await openDirectory(tab);
  await person.endEverySession(server);
  for (const tab of [page, second]) {
    await tab.getByRole("searchbox").fill(person.username);
    await expect(tab.getByRole("dialog")).toBeVisible();
  }
  await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  for (const tab of [page, second]) {
    await expect(tab.getByRole("dialog")).toHaveCount(0);
    await expect(tab.getByRole("listitem")).toHaveCount(1);
  }
});
