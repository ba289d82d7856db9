// @vitest-environment node
import { expect, test, vi } from "vitest";
import { loginPath, safeReturnTo } from "#auth/return-to.ts";

const ORIGIN = "https://app.example";

test.each([
  ["/search?q=a#b", "/search?q=a#b"],
  ["/account", "/account"],
  ["/a//b", "/a//b"],
  ["/account#sessions", "/account#sessions"],
  ["/?welcome#top", "/?welcome#top"],
])("%s is a page of ours", (next, expected) => {
  expect(safeReturnTo(next, ORIGIN)).toBe(expected);
});

test.each([
  null,
  "",
  "search",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "https://evil.example/",
  "https:evil.example",
  "javascript:alert(1)",
  "data:text/html,x",
  " /\\evil.example",
  "/login",
  "/login?next=/search",
  "/logout",
  "/link/abc",
  "/setup",
  "/setup#token=abc",
  "/forgot-password?next=/search",
  "/./..//evil.example",
])("%j leads home", (next) => {
  expect(safeReturnTo(next, ORIGIN)).toBe("/");
});

test("the sign-in page remembers where one was, but not that it was home", () => {
  vi.stubGlobal("location", { origin: ORIGIN });
  const at = (pathname: string, search = "", hash = "") => loginPath({ pathname, search, hash });
  expect(at("/search", "?q=a&b")).toBe("/login?next=%2Fsearch%3Fq%3Da%26b");
  expect(at("/account", "?a=1", "#sessions")).toBe("/login?next=%2Faccount%3Fa%3D1%23sessions");
  expect(at("/", "", "#top")).toBe("/login?next=%2F%23top");
  expect(at("/")).toBe("/login");
  expect(at("/link/secret")).toBe("/login");
  expect(at("/setup", "", "#token=secret")).toBe("/login");
  vi.unstubAllGlobals();
});
