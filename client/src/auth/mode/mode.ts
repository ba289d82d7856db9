import type { LoginRequest } from "#api/gen/types.gen.ts";

/** How the app proves who is signed in. The rest of it does not know which way that is. */
export interface AuthMode {
  /** Sends a request, with the proof where it needs one that the browser does not add by itself. */
  send: (request: Request) => Promise<Response>;
  signIn: (credentials: LoginRequest) => Promise<void>;
  /** After an account was made, which has set the session cookie. */
  enter: (credentials: LoginRequest) => Promise<void>;
  signOut: () => Promise<void>;
}
