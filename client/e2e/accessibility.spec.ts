import { type Page } from "@playwright/test";
import { type Person, expect, test } from "./fixtures.ts";

const sizes = [
  { width: 360, height: 740 },
  { width: 1280, height: 800 },
];

/** No sideways scroll, and the footer at the bottom of a short page. */
async function fits(page: Page): Promise<void> {
  const { overflow, footer } = await page.evaluate(() => ({
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    footer: Math.round(document.querySelector("footer")?.getBoundingClientRect().bottom ?? 0),
  }));
  expect(overflow).toBe(0);
  expect(footer).toBeGreaterThanOrEqual(page.viewportSize()?.height ?? 0);
}

async function visitEverything(page: Page, person: Person, check: () => Promise<void>): Promise<void> {
  const open = async (path: string, heading: RegExp | string) => {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
  };
  await open("/", /know where you are signed in/);
  await check();
  await open("/nowhere", "Page not found");
  await check();
  await open("/logout", "You are signed out");
  await check();
  await open("/forgot-password", "Forgotten password");
  await check();
  await open("/login", "Sign in");
  await check();
  await person.fillSignIn(page, "wrong");
  await expect(page.getByRole("alert")).toBeVisible();
  await check();
  await page.getByLabel("Username or e-mail address").fill("");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("The name must not be empty.")).toBeVisible();
  await check();
  await person.fillSignIn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  await check();
  await page.getByText(person.username).first().click();
  await check();
  await open("/search", "People");
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await check();
  await open("/search?q=nobody-has-this-name", "People");
  await expect(page.getByText("Nobody matches")).toBeVisible();
  await check();
  await open("/account", "Account");
  await open("/account/security", "Security");
  await page.getByText("Recently ended").click();
  await expect(page.getByText("This device")).toBeVisible();
  await check();
  const end = page.getByRole("button", { name: "End all others" });
  await end.click();
  await check();
  await page.getByRole("button", { name: "Cancel" }).click();
  await open("/logout", "Sign out");
  await check();
}

for (const size of sizes) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`no violation on any page: ${String(size.width)} px, ${colorScheme}`, async ({
      page,
      person,
      axe,
      otherBrowser,
    }) => {
      test.setTimeout(400_000);
      await person.signIn(await otherBrowser());
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await visitEverything(page, person, async () => {
        await axe(page);
        await fits(page);
      });
    });
  }
}

test("the dialog over an ended session has no violation and makes the page inert", async ({
  page,
  person,
  axe,
}) => {
  await person.signIn(page);
  await page.goto("/search");
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await page.context().clearCookies();
  await page.getByRole("searchbox").fill("x");
  await expect(page.getByRole("dialog")).toContainText("You have been signed out.");
  await axe(page);
  for (let press = 0; press < 8; press++) {
    await page.keyboard.press("Tab");
    const where = await page.evaluate(() => document.activeElement?.closest("dialog, body")?.tagName);
    expect(where === "DIALOG" || where === "BODY").toBe(true);
    expect(
      await page.evaluate(() => document.activeElement?.closest("main, header, footer")?.tagName),
    ).toBeUndefined();
  }
});

test("the theme is chosen once and there before the first paint", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/");
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.getByLabel("Theme").selectOption("dark");
  const dark = await background();
  expect(dark).not.toBe(light);
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(
    () => document.documentElement.dataset["theme"] === "dark" && document.styleSheets.length > 0,
  );
  expect(await background()).toBe(dark);
  await page.getByLabel("Theme").selectOption("system");
  expect(await background()).toBe(light);
});
