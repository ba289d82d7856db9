import { expect, test } from "vitest";
import { judgePassword } from "#signup/judge-password.ts";

const about = ["alice", "alice.moore@example.com", "Alice Moore"];

test.each([
  ["short", "5 of at least 12 characters"],
  ["🐢🐢🐢", "3 of at least 12 characters"],
  ["alicealice12", "Little more than your own name or address"],
  ["ALICE moore!", "Little more than your own name or address"],
  ["aaaaaaaaaaaaaa", "One of the first that would be guessed"],
  ["123456789012", "One of the first that would be guessed"],
  ["abcdefghijklm", "One of the first that would be guessed"],
])("%s is not good", (password, sentence) => {
  expect(judgePassword(password, about)).toEqual({ isGood: false, sentence });
});

test.each([
  "correct horse battery staple",
  "my cat eats alice bands",
  "Tr0ub4dor&3x!",
  "пароль из пяти слов",
])("%s is good", (password) => {
  expect(judgePassword(password, about).isGood).toBe(true);
});
