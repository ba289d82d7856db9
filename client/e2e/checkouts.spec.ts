import { expect, test } from "./fixtures.ts";
import { Server } from "./server.ts";

test("two checkouts on two ports in one browser do not sign each other out", async ({
  page,
  context,
  person,
}) => {
  test.setTimeout(300_000);
  const second = new Server("dev");
  await second.start();
  try {
    second.createPerson(person.username, "Test Person");
    await person.signIn(page);
    const elsewhere = await context.newPage();
    await elsewhere.goto(`${second.url}/login`);
    await person.fillSignIn(elsewhere);
    await expect(elsewhere.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();

    await page.reload();
    await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
    await page.goto("/logout");
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "You are signed out" })).toBeVisible();
    await elsewhere.reload();
    await expect(elsewhere.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
    await elsewhere.close();
  } finally {
    await second.stop();
  }
});

test("the dev server says over the page that the API is gone", async ({ page, person, server }) => {
  await person.signIn(page);
  await server.kill();
  await expect(async () => {
    await page.goto("/");
    await expect(page.locator("hallpass-overlay")).toContainText("cannot be reached", { timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
  await server.startApi();
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  await expect(page.locator("hallpass-overlay")).toHaveCount(0);
});
