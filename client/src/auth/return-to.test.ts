// @vitest-environment node
import { expect, test } from "vitest";
import { loginPath, safeReturnTo } from "#auth/return-to.ts";

const ORIGIN = "https://app.example";

test.each([
  ["/search?q=a#b", "/search?q=a#b"],
  ["/account", "/account"],
  ["/a//b", "/a//b"],
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
  "/./..//evil.example",
])("%j leads home", (next) => {
  expect(safeReturnTo(next, ORIGIN)).toBe("/");
});

test("the sign-in page remembers where one was, but not that it was home", () => {
  expect(loginPath({ pathname: "/search", search: "?q=a&b" })).toBe("/login?next=%2Fsearch%3Fq%3Da%26b");
  expect(loginPath({ pathname: "/", search: "" })).toBe("/login");
});
