import { expect, test } from "vitest";
import { cookieNames } from "./cookies.ts";

const one = cookieNames("http://127.0.0.1:8000", "/a");
const other = cookieNames("http://127.0.0.1:8000", "/b");

/** What a browser keeps of an answer and sends with the next request. */
const kept = (line: string | undefined) => line?.split(";", 1)[0];

test("a cookie comes back to the server as the server named it", () => {
  for (const name of ["session_id", "__Host-session_id"]) {
    const [line] = one.toBrowser([`${name}=a=b%3D; HttpOnly; SameSite=Lax; Path=/; Max-Age=604800`]) ?? [];
    expect(line).toMatch(/^\w+_[0-9a-f]{8}=a=b%3D; HttpOnly; SameSite=Lax; Path=\/; Max-Age=604800$/);
    expect(one.toServer(kept(line))).toBe(`${name}=a=b%3D`);
  }
});

test("another checkout's cookie, and a plain one, do not reach the server", () => {
  const [line] = other.toBrowser(["session_id=theirs; Path=/"]) ?? [];
  expect(one.toServer(`session_id=plain; ${String(kept(line))}; theme=dark`)).toBe(
    `${String(kept(line))}; theme=dark`,
  );
  expect(one.toServer("session_id=plain")).toBeUndefined();
  expect(one.toServer(undefined)).toBeUndefined();
});

test("a removal removes the renamed cookie, and other cookies pass as they are", () => {
  const [removal, theme] =
    one.toBrowser(["session_id=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0", "theme=dark; Secure"]) ??
    [];
  expect(removal).toMatch(/^session_id_[0-9a-f]{8}=; HttpOnly; SameSite=Lax; Path=\/; Max-Age=0$/);
  expect(theme).toBe("theme=dark; Secure");
  expect(one.toBrowser(undefined)).toBeUndefined();
});
