import { expect, test } from "./fixtures.ts";

test("make a token, use it, see its use, revoke it", async ({ page, person, server, request, axe }) => {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await person.signIn(page);
  await page.goto("/account");
  await expect(page.getByText("You have no tokens")).toBeVisible();
  await page.getByRole("button", { name: "New token" }).click();
  await axe(page);
  await page.getByRole("dialog").getByLabel("Name").fill("nightly backup");
  await page.getByRole("button", { name: "Create token" }).click();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByText("Copied.")).toBeVisible();
  await axe(page);
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("secret")).toBeVisible();
  const token = await page.evaluate(() => navigator.clipboard.readText());
  expect(token).toMatch(/^hp_[0-9a-f]{72}$/);
  await page.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("heading", { name: "Tokens for scripts" })).toBeFocused();
  await expect(page.getByText(token)).toHaveCount(0);

  const authorization = `Bearer ${token}`;
  // The server may end a connection that rests in the moment in which it is used again.
  const me = async () => request.get(`${server.url}/api/me`, { headers: { authorization }, maxRetries: 1 });
  expect((await me()).status()).toBe(200);
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("last used")).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 60_000 });
  await page.getByRole("button", { name: "Revoke the token nightly backup" }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(page.getByText("The token “nightly backup” is revoked.")).toBeVisible();
  expect((await me()).status()).toBe(401);
});
