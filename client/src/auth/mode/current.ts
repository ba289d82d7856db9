import { createCookieMode } from "#auth/mode/cookie.ts";
import type { AuthMode } from "#auth/mode/mode.ts";
import { createTokenMode } from "#auth/mode/token.ts";

/** The mode that this build was made for; the other one is left out of it. */
export const mode: AuthMode =
  import.meta.env.VITE_AUTH_MODE === "token" ? createTokenMode() : createCookieMode();
