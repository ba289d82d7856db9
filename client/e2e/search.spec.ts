import { expect, test } from "./fixtures.ts";

test("search as you type, by address, and page on", async ({ page, person, server }) => {
  const prefix = `s-${person.username}`;
  for (let number = 0; number < 22; number++) {
    server.createPerson(`${prefix}-${String(number).padStart(2, "0")}`, `Sought ${String(number)}`);
  }
  await person.signIn(page);
  await page.getByRole("link", { name: "People" }).first().click();
  await expect(page.getByRole("heading", { level: 1, name: "People" })).toBeFocused();
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type(prefix.toUpperCase());
  await expect(page).toHaveURL(/\?q=S-/);
  await expect(page.getByText("20 or more people")).toBeVisible();
  await page.getByRole("button", { name: "Show more" }).click();
  await expect(page.getByText("22 people")).toBeVisible();
  await expect(page.getByRole("button", { name: "Show more" })).toHaveCount(0);

  await page.reload();
  await expect(page.getByRole("searchbox")).toHaveValue(prefix.toUpperCase());
  await expect(page.getByText("20 or more people")).toBeVisible();

  await page.getByRole("searchbox").fill("nobody is called that");
  await expect(page.getByText("Nobody matches “nobody is called that”")).toBeVisible();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await expect(page.getByRole("searchbox")).toBeFocused();
  await expect(page).toHaveURL(/\/search$/);
});

test("a list that cannot be loaded says so and can be tried again", async ({ page, person }) => {
  await person.signIn(page);
  const trouble = { type: "x", title: "x", status: 500, code: "internal_error", request_id: "abc123" };
  await page.route("**/api/users*", (route) =>
    route.fulfill({ status: 500, contentType: "application/problem+json", json: trouble }),
  );
  await page.goto("/search");
  await expect(page.getByRole("alert")).toContainText("Something went wrong on the server.");
  await expect(page.getByText("abc123")).toBeVisible();
  await page.unroute("**/api/users*");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("listitem").first()).toBeVisible();
});
