import { expect, test } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

const NEW = "other words nobody guesses";

test("a sign-in from a new browser is asked about in the one that is known", async ({
  page,
  person,
  otherBrowser,
  axe,
}) => {
  await person.signIn(page);
  await expect(page.getByRole("heading", { name: "Was this you?" })).toHaveCount(0);
  const other = await otherBrowser();
  await person.signIn(other);
  await page.reload();
  const question = page.getByRole("region", { name: "Was this you?" });
  await expect(question).toContainText("signed in to with Chrome on Linux, from 203.0.113.");
  await axe(page);
  await question.getByRole("button", { name: "Yes, it was" }).click();
  await expect(question).toHaveCount(0);
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  await expect(question).toHaveCount(0);
  await other.reload();
  await expect(other.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
});

test("no: that browser is signed out, a new password is asked for, and everything else ends", async ({
  page,
  person,
  otherBrowser,
}) => {
  await person.signIn(page);
  const [stranger, third] = [await otherBrowser(), await otherBrowser()];
  await person.signIn(stranger);
  await page.goto("/account");
  await page
    .getByRole("region", { name: "Was this you?" })
    .getByRole("button", { name: "No", exact: true })
    .click();
  await expect(stranger.getByRole("dialog", { name: "Sign in again" })).toBeVisible();
  await person.signIn(third);

  const dialog = page.getByRole("dialog", { name: "Choose a new password" });
  await dialog.getByLabel("Current password").fill("wrong words altogether");
  await dialog.getByLabel("New password").fill(NEW);
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog.getByText("The password is wrong.")).toBeVisible();
  await dialog.getByLabel("Current password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Change password" }).click();
  await expect(dialog).toHaveCount(0);
  await expect(third.getByRole("dialog", { name: "Sign in again" })).toBeVisible();
  await expect(page.getByText("This device")).toBeVisible();
});
