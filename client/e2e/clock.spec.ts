import { expect, test } from "./fixtures.ts";

const DAY = 86_400_000;

for (const days of [-400, -1, 1, 400]) {
  test(`times make sense where the device's clock is ${String(days)} days off`, async ({ page, person }) => {
    await page.clock.install({ time: Date.now() + days * DAY });
    await person.signIn(page);
    await page.goto("/account");
    const row = page.getByRole("listitem").filter({ hasText: "This device" });
    await expect(row).toContainText(/last seen (just now|1 minute ago)/);
    await expect(row).toContainText(/signed in (just now|1 minute ago), ends in 7 days/);
  });
}
