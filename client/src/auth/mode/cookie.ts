import { login, logout } from "#api/gen/sdk.gen.ts";
import type { AuthMode } from "#auth/mode/mode.ts";

/** The session cookie: the browser keeps it and sends it, and no script ever sees it. */
export function createCookieMode(): AuthMode {
  return {
    send: (request) => fetch(request),
    signIn: async (credentials) => {
      await login({ body: credentials, throwOnError: true });
    },
    enter: () => Promise.resolve(),
    signOut: async () => {
      await logout({ throwOnError: true });
    },
  };
}
