import { expect, test } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

test("change the password: elsewhere signed out, here not", async ({ page, person, otherBrowser, axe }) => {
  await person.signIn(page);
  const other = await otherBrowser();
  await person.signIn(other);
  await other.goto("/search");
  await expect(other.getByRole("listitem").first()).toBeVisible();

  await page.goto("/account");
  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("other words nobody guesses");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("The password is wrong.")).toBeVisible();
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByLabel("New password").fill(person.username);
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("The password must have at least 12 characters.")).toBeVisible();
  await axe(page);
  await page.getByLabel("New password").fill("other words nobody guesses");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  await page.reload();
  await expect(page.getByText("You are signed in nowhere else.")).toBeVisible();

  await other.getByRole("searchbox").fill("x");
  await expect(other.getByRole("dialog")).toContainText("your password was changed");
  await other.getByRole("dialog").getByLabel("Password", { exact: true }).fill("other words nobody guesses");
  await other.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(other.getByRole("dialog")).toHaveCount(0);
});

test("a password can be pasted into every field that asks for one", async ({ page, context, person }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto("/login");
  await page.evaluate(async (text) => navigator.clipboard.writeText(text), PASSWORD);
  const paste = async (label: string) => {
    await page.getByLabel(label, { exact: true }).focus();
    await page.keyboard.press("ControlOrMeta+V");
    await expect(page.getByLabel(label, { exact: true })).toHaveValue(PASSWORD);
  };
  await page.getByLabel("Username or e-mail address").fill(person.username);
  await paste("Password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  await page.goto("/account");
  await paste("Current password");
  await paste("New password");
});
