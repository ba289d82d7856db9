import { expect, test } from "./fixtures.ts";
import { translate } from "./translation.ts";

// A page that breaks logs an error, which fails the test (fixtures.ts).

test("a translated page signs in, copies a token and keeps working", async ({
  page,
  person,
  otherBrowser,
}) => {
  await person.signIn(await otherBrowser());
  await translate(page);
  await page.goto("/login?next=/account");
  await person.fillSignIn(page, "wrong");
  await expect(page.getByRole("alert")).toContainText("is wrong");
  await person.fillSignIn(page);
  await expect(page.getByText("This device")).toBeVisible();

  await page.getByRole("button", { name: "New token" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("backup");
  await page.getByRole("button", { name: "Create token" }).click();
  const secret = page.getByTestId("secret");
  await expect(secret).toHaveText(/^hp_\w+$/);
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("dialog").getByRole("status")).toContainText(/Copied|does not allow copying/);
  await expect(secret).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByText("is ready.")).toBeVisible();
  await page.getByRole("button", { name: "Revoke the token backup" }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("is revoked.")).toBeVisible();

  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByRole("button", { name: "End it" }).click();
  await expect(page.getByText("One session has ended.")).toBeVisible();
  await page.getByText("Recently ended").click();
  await expect(page.getByText("last seen").last()).toBeVisible();

  await page.getByLabel("Full name").fill("Another Name");
  await page.getByRole("button", { name: "Save profile" }).click();
  await expect(page.getByText("Your profile is saved.")).toBeVisible();
  await page.getByLabel("Current password").fill("wrong");
  await page.getByLabel("New password").fill("other words nobody guesses");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("The password is wrong.")).toBeVisible();

  await page.getByRole("link", { name: "People" }).first().click();
  const search = page.getByLabel("Username or name");
  await search.fill("nobody-has-this-name");
  await expect(page.getByText("Nobody matches")).toBeVisible();
  await search.fill(person.username);
  await expect(page.getByRole("listitem").filter({ hasText: person.username }).first()).toBeVisible();
  await page.goto("/logout");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "You are signed out" })).toBeVisible();
});

test("an administrator's pages work translated", async ({ page, admin, person }) => {
  await translate(page);
  await page.goto("/login?next=/admin/users");
  await admin.fillSignIn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Manage people" })).toBeVisible();
  await page.getByLabel("Username or name").fill(person.username);
  const row = page.getByRole("listitem").filter({ hasText: person.username });
  await row.getByRole("link", { name: "Test Person" }).first().click();
  await page.getByRole("button", { name: "Make a reset link" }).click();
  await expect(page.getByTestId("secret")).toContainText("/link/");
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("dialog").getByRole("status")).toContainText(/Copied|does not allow copying/);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByLabel("May sign in").uncheck();
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Let them sign in again first.")).toBeVisible();
  await page.goto("/admin/audit");
  await page.getByLabel("What", { exact: true }).selectOption("account_disabled");
  await expect(page.getByText("Account disabled").last()).toBeVisible();
});
