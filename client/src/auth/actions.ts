import type { QueryClient } from "@tanstack/react-query";
import type { LoginRequest, Me } from "#api/gen/types.gen.ts";
import { mode } from "#auth/mode/current.ts";
import { SESSION_KEY, forgetSession, sessionQuery } from "#auth/session.ts";
import { tellOtherTabs } from "#auth/tabs.ts";

/** The server signed the person in, but the browser did not keep the cookie. */
export class CookieRefused extends Error {
  constructor() {
    super("Your browser did not keep the sign-in cookie. Allow cookies for this site and try again.");
    this.name = "CookieRefused";
  }
}

/** Signs in, and makes sure that it lasts: what counts is what `GET /me` says afterwards. */
export async function signIn(queryClient: QueryClient, credentials: LoginRequest): Promise<Me> {
  await mode.signIn(credentials);
  return takeOver(queryClient);
}

/** Makes an account, which signs in to it. */
export async function signUp(
  queryClient: QueryClient,
  credentials: LoginRequest,
  make: () => Promise<unknown>,
): Promise<Me> {
  await make();
  await mode.enter(credentials);
  return takeOver(queryClient);
}

async function takeOver(queryClient: QueryClient): Promise<Me> {
  await queryClient.cancelQueries({ queryKey: SESSION_KEY });
  const session = await queryClient.query({ ...sessionQuery(), staleTime: 0 });
  if (session.status !== "signed-in") throw new CookieRefused();
  tellOtherTabs();
  return session.user;
}

/** Signs out. When the server cannot be told, the person stays signed in and learns why. */
export async function signOut(queryClient: QueryClient): Promise<void> {
  await mode.signOut();
  await forgetSession(queryClient);
  tellOtherTabs("signed-out");
}
