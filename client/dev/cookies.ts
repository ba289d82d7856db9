import { createHash } from "node:crypto";

/** The server's cookies that carry a credential, with and without the prefix they have over https. */
const NAMES = ["session_id", "__Host-session_id", "refresh_token", "__Host-refresh_token"];

/**
 * Browsers keep one jar of cookies for a host, whatever the port, so two checkouts on localhost would sign each other out.
 * On their way through the dev proxy our cookies get a name of this checkout's own; the server keeps to its contract.
 */
export interface CookieNames {
  /** `Cookie` on its way to the server. */
  toServer: (header: string | undefined) => string | undefined;
  /** `Set-Cookie` on its way to the browser. */
  toBrowser: (lines: string[] | undefined) => string[] | undefined;
}

export function cookieNames(api: string, folder: string): CookieNames {
  const suffix = `_${createHash("sha256").update(`${api}\n${folder}`).digest("hex").slice(0, 8)}`;
  // The prefix makes demands (https) that the dev server cannot meet.
  const local = (name: string) => name.replace("__Host-", "host_") + suffix;
  return {
    toServer: (header) => {
      const pairs = (header ?? "").split(";").map((pair) => pair.trim());
      const kept = pairs.flatMap((pair) => {
        const name = pair.split("=", 1)[0] ?? "";
        const ours = NAMES.find((candidate) => local(candidate) === name);
        if (ours !== undefined) return [ours + pair.slice(name.length)];
        // Somebody else's on this host: another checkout's, or that of a server on its own port.
        return pair === "" || NAMES.includes(name) ? [] : [pair];
      });
      return kept.length > 0 ? kept.join("; ") : undefined;
    },
    toBrowser: (lines) =>
      lines?.map((line) => {
        const name = line.split("=", 1)[0] ?? "";
        if (!NAMES.includes(name)) return line;
        return local(name) + line.slice(name.length).replace(/; *Secure(?=;|$)/i, "");
      }),
  };
}
