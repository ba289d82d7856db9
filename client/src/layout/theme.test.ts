import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
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

/** What public/theme.js makes of the cookies of a page. */
function firstPaint(protocol: string, cookie: string): string | undefined {
  const dataset: { theme?: string } = {};
  const page = { location: { protocol }, document: { cookie, documentElement: { dataset } }, RegExp };
  runInNewContext(readFileSync("public/theme.js", "utf8"), page);
  return dataset.theme;
}

test("over https the cookie is one that no other host can set, and no other counts", () => {
  vi.stubGlobal("location", { protocol: "https:" });
  const set = vi.spyOn(document, "cookie", "set");
  chooseTheme("dark");
  expect(set).toHaveBeenCalledWith("__Host-theme=dark; Path=/; Max-Age=31536000; SameSite=Lax; Secure");
  vi.spyOn(document, "cookie", "get").mockReturnValue("theme=light; __Host-theme=dark");
  expect(chosenTheme()).toBe("dark");
  expect(firstPaint("https:", document.cookie)).toBe("dark");
  expect(firstPaint("https:", "theme=light")).toBeUndefined();
  expect(firstPaint("http:", document.cookie)).toBe("light");
  vi.unstubAllGlobals();
});
