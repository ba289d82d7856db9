import { Person, expect, test } from "./fixtures.ts";
import { MailServer } from "./mail-server.ts";
import { Server } from "./server.ts";

const NEW = "other words nobody guesses";

test("a forgotten password and another address, by mail", async ({ page, axe }) => {
  const post = new MailServer();
  const settings = { SMTP_URL: await post.start(), MAIL_FROM: "hallpass@example.com" };
  const server = new Server("built", settings);
  await server.start();
  try {
    server.createPerson("alice", "Alice", "--email", "alice@example.com");
    const open = async (address: string) => {
      await expect.poll(() => post.linkTo(address)).toBeTruthy();
      await page.goto(server.url + (post.linkTo(address) ?? ""));
    };
    await page.goto(`${server.url}/login`);
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Forgotten password" })).toBeVisible();
    await axe(page);
    await page.getByLabel("Username or e-mail address").fill("alice@example.com");
    await page.getByRole("button", { name: "Send link" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Check your e-mail" })).toBeVisible();
    await axe(page);

    await open("alice@example.com");
    await page.getByLabel("New password").fill(NEW);
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByRole("main").getByRole("link", { name: "Sign in" }).click();
    await new Person("alice").fillSignIn(page, NEW);
    await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();

    await page.goto(`${server.url}/account`);
    await page.getByLabel("E-mail address").fill("alice@new.example");
    await page.getByRole("button", { name: "Save profile" }).click();
    await expect(page.getByText("We have sent a link to alice@new.example")).toBeVisible();
    await expect(page.getByLabel("E-mail address")).toHaveValue("alice@example.com");
    await open("alice@new.example");
    await expect(page.getByText("alice@new.example becomes the address of alice.")).toBeVisible();
    await axe(page);
    await page.getByRole("button", { name: "Confirm this address" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Your address is confirmed" })).toBeVisible();
    await axe(page);
    await page.getByRole("link", { name: "Go to your account" }).click();
    await expect(page.getByLabel("E-mail address")).toHaveValue("alice@new.example");
  } finally {
    await server.stop();
    post.stop();
  }
});
