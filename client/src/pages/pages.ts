import { loadPage } from "#new-release.ts";
import { paths } from "#paths.ts";

/** The chunk of each page, as `lazy` wants it. */
export const pages = {
  home: async () => ({ default: (await loadPage(() => import("#pages/home.tsx"))).HomePage }),
  search: async () => ({ default: (await loadPage(() => import("#pages/search.tsx"))).SearchPage }),
  login: async () => ({ default: (await loadPage(() => import("#pages/login.tsx"))).LoginPage }),
  logout: async () => ({ default: (await loadPage(() => import("#pages/logout.tsx"))).LogoutPage }),
  account: async () => ({ default: (await loadPage(() => import("#pages/account.tsx"))).AccountPage }),
  notFound: async () => ({ default: (await loadPage(() => import("#pages/not-found.tsx"))).NotFoundPage }),
};

/** Starts loading the page of a path before React asks for it: a round trip less until it is seen. */
export function preloadPage(pathname: string): void {
  const page = {
    [paths.home()]: pages.home,
    [paths.search()]: pages.search,
    [paths.login()]: pages.login,
    [paths.logout()]: pages.logout,
    [paths.account()]: pages.account,
  }[pathname];
  // A chunk that is missing is dealt with where the page is rendered.
  page?.().catch(() => undefined);
}
