import { expect, test } from "./fixtures.ts";

/** The API, and not the folder src/api of the development server. */
const API = /^http:\/\/[^/]+\/api\//;

test("a 403 keeps you in", async ({ page, person, otherBrowser }) => {
  await person.signIn(page);
  await person.signIn(await otherBrowser());
  await page.goto("/account");
  await page.route("**/api/sessions", (route) =>
    route.request().method() === "DELETE"
      ? route.fulfill({
          status: 403,
          contentType: "application/problem+json",
          json: { type: "x", title: "x", status: 403, code: "cross_site_request", request_id: "x" },
        })
      : route.continue(),
  );
  await page.getByRole("button", { name: "End all others" }).click();
  await page.getByRole("button", { name: "End it" }).click();
  await expect(page.getByRole("alert")).toContainText("Use the usual address of this server.");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("This device")).toBeVisible();
  await page.reload();
  await expect(page.getByText("This device")).toBeVisible();
});

test("the server goes and comes back: a banner, nobody signed out, no reload needed", async ({
  page,
  person,
  server,
}, info) => {
  await person.signIn(page);
  await page.goto("/search");
  await expect(page.getByRole("listitem").first()).toBeVisible();
  await server.kill();
  await page.getByRole("searchbox").fill("test");
  await expect(page.getByText("Cannot reach the server.")).toBeVisible();
  await expect(page.getByRole("searchbox")).toHaveValue("test");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(page.locator("hallpass-overlay")).toHaveCount(info.project.name === "dev" ? 1 : 0);
  await page.evaluate(() => {
    document.body.dataset["marked"] = "";
  });
  await server.startApi();
  // What the development server lays over the page goes without loading it anew, too.
  await expect(page.locator("hallpass-overlay")).toHaveCount(0);
  await expect(page.getByText("Cannot reach the server.")).toBeHidden();
  await expect(page.getByRole("searchbox")).toHaveValue("test");
  await expect(page.locator("body[data-marked]")).toHaveCount(1);
  await expect(
    page.getByRole("button", { name: "Your account" }).or(page.getByText(person.username)).first(),
  ).toBeVisible();
  await page.goto("/account");
  await expect(page.getByText("This device")).toBeVisible();
});

test("a 503 signs nobody out", async ({ page, person }) => {
  await person.signIn(page);
  await page.goto("/account");
  await expect(page.getByText("This device")).toBeVisible();
  const trouble = { type: "x", title: "x", status: 503, code: "unavailable", request_id: "x" };
  await page.route(API, (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", json: trouble }),
  );
  await page.getByText("Recently ended").click();
  await expect(page.getByText("Cannot reach the server.")).toBeVisible();
  await expect(page.getByText("This device")).toBeVisible();
  await page.unroute(API);
  await expect(page.getByText("Cannot reach the server.")).toBeHidden();
});

test("the page is opened while the server is unreachable", async ({ page, person }) => {
  await person.signIn(page);
  await page.route(API, (route) => route.abort());
  await page.goto("/account");
  await expect(page.getByRole("heading", { name: "Cannot reach the server" })).toBeVisible();
  await expect(page).toHaveURL(/\/account$/);
  await page.unroute(API);
  await expect(page.getByText("This device")).toBeVisible();
});

test("one request to /api/me, however often pages mount", async ({ page, person }) => {
  await person.signIn(page);
  let asked = 0;
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/api/me") asked += 1;
  });
  const begun = Date.now();
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  for (let round = 0; round < 10; round++) {
    await page.getByRole("link", { name: "People" }).first().click();
    await expect(page.getByRole("heading", { level: 1, name: "People" })).toBeVisible();
    await page.getByRole("link", { name: "Hallpass" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Hello" })).toBeVisible();
  }
  // Once for the page, and at most once more for each time that the answer has been fresh (5 s), which is none or one as a rule.
  expect(asked).toBeGreaterThanOrEqual(1);
  expect(asked).toBeLessThanOrEqual(1 + Math.ceil((Date.now() - begun) / 5_000));
});
