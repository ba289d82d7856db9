interface ImportMetaEnv {
  /** How this build proves who is signed in. */
  readonly VITE_AUTH_MODE: "cookie" | "token";
}
