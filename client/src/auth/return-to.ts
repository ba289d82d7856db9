import { paths } from "#paths.ts";

/** Pages nobody wants to come back to after signing in. */
const NOT_AGAIN = ["/login", "/logout", "/register", "/forgot-password", "/setup", "/link"];

/** The sign-in page that leads back here: to the same path, query and fragment. */
export function loginPath({
  pathname,
  search,
  hash,
}: {
  pathname: string;
  search: string;
  hash: string;
}): string {
  const here = safeReturnTo(pathname + search + hash);
  return paths.login(here === paths.home() ? undefined : here);
}

/** Where to go after signing in: `next` if it is a page of ours, else home. What comes in a link is not to be trusted. */
export function safeReturnTo(next: string | null, origin: string = location.origin): string {
  if (!next?.startsWith("/")) return paths.home();
  let url: URL;
  try {
    url = new URL(next, origin);
  } catch {
    return paths.home();
  }
  const path = url.pathname + url.search + url.hash;
  // A browser reads "/\evil.example" and "//evil.example" as another host; so does URL.
  if (url.origin !== origin || path.startsWith("//")) return paths.home();
  if (NOT_AGAIN.some((page) => url.pathname === page || url.pathname.startsWith(`${page}/`)))
    return paths.home();
  return path;
}
