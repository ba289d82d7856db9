import { expect, test } from "vitest";
import { chooseTheme, chosenTheme } from "#layout/theme.ts";

test("the theme is kept in a cookie and can be given back to the system", () => {
  expect(chosenTheme()).toBe("system");
  chooseTheme("dark");
  expect(chosenTheme()).toBe("dark");
  expect(document.documentElement.dataset["theme"]).toBe("dark");
  chooseTheme("system");
  expect(chosenTheme()).toBe("system");
  expect(document.documentElement.dataset["theme"]).toBeUndefined();
});
