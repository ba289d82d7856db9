import { expect, test } from "./fixtures.ts";

test("the policy is kept by every page, and an injected script does not run", async ({
  page,
  person,
  expectedErrors,
}) => {
  expectedErrors.push(/Content Security Policy/);
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(window, { violations });
    addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
  });
  const violations = () => page.evaluate(() => (window as unknown as { violations: string[] }).violations);
  await person.signIn(page);
  for (const path of ["/", "/search", "/account", "/account/security", "/logout", "/nowhere"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    expect(await violations()).toEqual([]);
  }
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.head.append(script);
    return "ran" in window;
  });
  expect(ran).toBe(false);
  await expect.poll(violations).toContain("script-src-elem");
});

test("a chunk that is gone after a deploy reloads the page instead of breaking it", async ({
  page,
  person,
}) => {
  await person.signIn(page);
  let isGone = true;
  await page.route("**/assets/search-*.js", (route) =>
    isGone ? route.fulfill({ status: 404, contentType: "text/plain", body: "" }) : route.continue(),
  );
  page.on("request", (request) => {
    if (request.isNavigationRequest()) isGone = false;
  });
  const reloaded = page.waitForEvent("load");
  await page.getByRole("link", { name: "People" }).first().click();
  await reloaded;
  await expect(page.getByRole("heading", { level: 1, name: "People" })).toBeVisible();
});

test("a password manager's address leads to the page where the password is changed, by way of signing in", async ({
  page,
  person,
}) => {
  await page.goto("/.well-known/change-password");
  await person.fillSignIn(page);
  await expect(page.getByRole("heading", { level: 1, name: "Security" })).toBeVisible();
  await expect(page).toHaveURL(/\/account\/security$/);
  await expect(page.getByLabel("Current password")).toBeVisible();
});

test("what browsers and crawlers ask for unasked is there", async ({ page: { request } }) => {
  const robots = await request.get("/robots.txt");
  expect([robots.status(), robots.headers()["content-type"]]).toEqual([200, "text/plain; charset=utf-8"]);
  expect(await robots.text()).toContain("Disallow: /link/");
  const icon = await request.get("/favicon.ico");
  expect(icon.status()).toBe(200);
  expect(icon.headers()["content-type"]).toMatch(/^image\/(x-icon|vnd\.microsoft\.icon)$/);
  expect((await icon.body()).subarray(0, 4)).toEqual(Buffer.from([0, 0, 1, 0]));
});

for (const theme of ["system", "dark"] as const) {
  test(`the dark colours are readable in a browser that does not know light-dark(): ${theme}`, async ({
    page,
  }) => {
    await page.route("**/*.css", async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replaceAll("light-dark(", "no-such-function(");
      await route.fulfill({ response, body });
    });
    await page.emulateMedia({ colorScheme: theme === "system" ? "dark" : "light" });
    await page.goto("/login");
    await page.getByLabel("Theme").selectOption(theme);
    const heading = page.getByRole("heading", { level: 1, name: "Sign in" });
    await expect(heading).toHaveCSS("color", "oklch(0.955 0.006 180)");
    await expect(page.locator("html")).toHaveCSS("background-color", "oklch(0.17 0.008 200)");
  });
}
