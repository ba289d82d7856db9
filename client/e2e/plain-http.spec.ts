import { Person, expect, test } from "./fixtures.ts";
import { Server } from "./server.ts";

/* Under a name that is no localhost, on plain http. The development server answers under localhost only. */

let server: Server;
test.beforeAll(async ({}, info) => {
  server = new Server(info.project.metadata["mode"] as "built", {}, "hallpass.lan");
  await server.start();
  server.createPerson("alice", "Alice");
});
test.afterAll(async () => {
  await server.stop();
});

test("a token can be copied by hand", async ({ browser }) => {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${server.url}/login?next=/account`);
  await new Person("alice").fillSignIn(page);
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("backup");
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("dialog").getByRole("status")).toContainText("The text is selected");
  const secret = await page.getByTestId("secret").innerText();
  expect(await page.evaluate(() => String(getSelection()))).toBe(secret);
  expect(errors).toEqual([]);
  await page.close();
});

test("the wrong address says which one is right, and leads there", async ({ browser }) => {
  const page = await browser.newPage();
  await page.goto(`${server.url.replace("hallpass.lan", "other.lan")}/login?next=/account#tokens`);
  await new Person("alice").fillSignIn(page);
  await expect(page.getByRole("alert")).toContainText(`the address of this server is ${server.url}.`);
  await page.getByRole("link", { name: `Open it at ${server.url}` }).click();
  await expect(page).toHaveURL(`${server.url}/login?next=/account#tokens`);
  await page.close();
});
