import { expect, test } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

const NEW = "other words nobody guesses";

test("the first sign-in of all is asked about in the next browser", async ({
  page,
  person,
  otherBrowser,
  axe,
}) => {
  const other = await otherBrowser();
  await person.signIn(other);
  await person.signIn(page);
  await other.reload();
  await expect(other.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  await expect(other.getByRole("region", { name: "Was this you?" })).toHaveCount(0);
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
  const [stranger, third] = [await otherBrowser(), await otherBrowser()];
  await person.signIn(stranger);
  await person.signIn(page);
  await page.goto("/account");
  await page
    .getByRole("region", { name: "Was this you?" })
    .getByRole("button", { name: "No", exact: true })
    .click();
  // This browser is known for less than a day.
  const confirmation = page.getByRole("dialog", { name: "Confirm that it is you" });
  await confirmation.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await confirmation.getByRole("button", { name: "Confirm" }).click();
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
