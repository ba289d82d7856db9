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
  for (const path of ["/", "/search", "/account", "/logout", "/nowhere"]) {
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
