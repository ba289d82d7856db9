import { readFile } from "node:fs/promises";
import { expect, test } from "./fixtures.ts";
import { PASSWORD } from "./server.ts";

test("change one's name, look at what happened, take one's data along, and leave", async ({
  page,
  person,
  axe,
}) => {
  await person.signIn(page);
  await page.goto("/account");
  await page.getByLabel("Full name").fill("Renamed Person");
  await page.getByLabel("E-mail address").fill(`${person.username}@example.com`);
  await page.getByRole("button", { name: "Save profile" }).click();
  await expect(page.getByText("Your profile is saved.")).toBeVisible();
  await page.reload();
  await expect(page.getByText("Your profile was changed")).toBeVisible();
  await expect(page.getByText("You signed in")).toBeVisible();

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download my data" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(`hallpass-${person.username}.json`);
  const data = JSON.parse(await readFile(await download.path(), "utf8")) as {
    account: { full_name: string };
  };
  expect(data.account.full_name).toBe("Renamed Person");

  await page.getByRole("button", { name: "Delete my account" }).click();
  await axe(page);
  await page.getByLabel(`Type ${person.username} to confirm`).fill(person.username);
  await page.getByLabel("Your password").fill(PASSWORD);
  await page.getByRole("dialog").getByRole("button", { name: "Delete my account" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await person.fillSignIn(page);
  await expect(page.getByRole("alert")).toHaveText("The username or the password is wrong.");
});

test("make an account", async ({ page, person, axe }) => {
  const username = `${person.username}-new`;
  await page.goto("/login");
  await page.getByRole("link", { name: "Create one" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Create an account" })).toBeVisible();
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Password", { exact: true }).fill("short");
  await expect(page.getByText("5 of at least 12 characters")).toBeVisible();
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("The password must have at least 12 characters.")).toBeVisible();
  await axe(page);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByRole("heading", { level: 1, name: `Hello, ${username}` })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: `Hello, ${username}` })).toBeVisible();
});

test("make the first administrator with the link that the server prints", async ({
  freshServer,
  page,
  axe,
}) => {
  await page.goto(`${freshServer.url}/setup`);
  await expect(page.getByText("Open the setup link in the server")).toBeVisible();
  await page.goto(`${freshServer.url}/setup#token=${freshServer.setupToken}`);
  await page.reload();
  await page.getByLabel("Username").fill("root");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await axe(page);
  await page.getByRole("button", { name: "Create administrator" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Hello, root" })).toBeVisible();
  await page.goto(`${freshServer.url}/setup`);
  await expect(page.getByText("Hallpass is set up already")).toBeVisible();
});
