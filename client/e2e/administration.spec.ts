import { expect, test } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

const NEW = "other words nobody guesses";

test("invite somebody, who chooses a password and signs in; then end their access", async ({
  page,
  admin,
  otherBrowser,
  axe,
}) => {
  // Six whole pages are analysed on the way.
  test.slow();
  const guest = `${admin.username}-guest`;
  await admin.signIn(page);
  await page.getByText(admin.username).first().click();
  await page.getByRole("link", { name: "Manage people" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Manage people" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Test Administrator" }).first()).toBeVisible();
  await axe(page);
  await page.getByRole("button", { name: "Invite somebody" }).click();
  await axe(page);
  await page.getByRole("dialog").getByLabel("Username").fill(guest);
  await page.getByRole("button", { name: "Make invitation" }).click();
  const url = await page.getByTestId("secret").textContent();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText(`${guest} is invited.`)).toBeFocused();

  const other = await otherBrowser();
  await other.goto(new URL(url ?? "").pathname);
  await expect(other.getByText(`You are invited as ${guest}.`)).toBeVisible();
  expect(other.url()).toMatch(/\/link\/\S+$/);
  await other.reload();
  await other.getByLabel("New password").fill(NEW);
  await axe(other);
  await other.getByRole("button", { name: "Set password" }).click();
  await expect(other.getByRole("heading", { name: "Your password is set" })).toBeVisible();
  await other.getByRole("main").getByRole("link", { name: "Sign in" }).click();
  await other.getByLabel("Username or e-mail address").fill(guest);
  await other.getByLabel("Password", { exact: true }).fill(NEW);
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  await other.goto("/admin/users");
  await expect(other.getByRole("heading", { level: 1, name: "Manage people" })).toHaveCount(0);

  await page.getByLabel("Username or name").fill(guest);
  await page.getByRole("link", { name: guest, exact: true }).click();
  await expect(page.getByText("Chrome on Linux")).toBeVisible();
  await axe(page);
  await page.getByLabel("May sign in").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByText("Signed in nowhere")).toBeVisible();
  await other.goto("/account");
  await expect(other.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.getByRole("button", { name: `Delete ${guest}` }).click();
  await page.getByLabel(`Type ${guest} to confirm`).fill(guest);
  await axe(page);
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Manage people" })).toBeVisible();

  await page.goto(`/admin/audit?actor=${admin.username}`);
  const lines = page.getByRole("region", { name: "What happened" }).getByRole("listitem");
  await expect(lines.first()).toContainText("Account deleted");
  await expect(lines.nth(1)).toContainText("Account disabled");
  await axe(page);
});

test("a change that needs the password goes on after it", async ({ page, admin, person }) => {
  await admin.signIn(page);
  await page.goto(`/admin/users?q=${person.username}`);
  await page.getByRole("link", { name: "Test Person" }).click();
  let refused = 0;
  await page.route("**/api/users/*", async (route) => {
    if (route.request().method() !== "PATCH" || refused > 0) return route.continue();
    refused += 1;
    return route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      body: JSON.stringify({ type: "x", title: "x", status: 403, code: "reauth_required", request_id: "x" }),
    });
  });
  await page.getByLabel("Name").fill("Renamed");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Confirm" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Renamed" })).toBeVisible();
});
