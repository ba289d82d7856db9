import type { EndReason } from "#api/gen/types.gen.ts";

const sentences = {
  logged_out: "You signed out.",
  revoked: "This session was ended from another device.",
  expired: "Your session reached the end of its life.",
  idle: "You were signed out because you were away for a while.",
  password_changed: "You were signed out because your password was changed.",
  disabled: "Your account has been disabled.",
  replaced: "A newer sign-in took the place of this session.",
  browser_mismatch: "This session was opened in another browser, so it was ended to protect you.",
} satisfies Record<EndReason, string>;

/** Why a session ended, as a sentence for the person it belonged to. */
export function reasonSentence(reason: EndReason): string {
  return sentences[reason];
}
