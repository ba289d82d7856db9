import { loadPage } from "#new-release.ts";
import { paths } from "#paths.ts";

const arrival = () => import("#pages/arrival.ts");
const administration = () => import("#pages/administration.ts");

/** The chunk of each page, as `lazy` wants it. */
export const pages = {
  home: async () => ({ default: (await loadPage(() => import("#pages/home.tsx"))).HomePage }),
  search: async () => ({ default: (await loadPage(() => import("#pages/search.tsx"))).SearchPage }),
  login: async () => ({ default: (await loadPage(() => import("#pages/login.tsx"))).LoginPage }),
  logout: async () => ({ default: (await loadPage(() => import("#pages/logout.tsx"))).LogoutPage }),
  account: async () => ({ default: (await loadPage(() => import("#pages/account.tsx"))).AccountPage }),
  security: async () => ({ default: (await loadPage(() => import("#pages/security.tsx"))).SecurityPage }),
  register: async () => ({ default: (await loadPage(arrival)).RegisterPage }),
  setup: async () => ({ default: (await loadPage(arrival)).SetupPage }),
  forgotPassword: async () => ({ default: (await loadPage(arrival)).ForgotPasswordPage }),
  link: async () => ({ default: (await loadPage(arrival)).LinkPage }),
  people: async () => ({ default: (await loadPage(administration)).PeoplePage }),
  person: async () => ({ default: (await loadPage(administration)).PersonPage }),
  audit: async () => ({ default: (await loadPage(administration)).AuditPage }),
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
    [paths.security()]: pages.security,
    [paths.register()]: pages.register,
    [paths.setup()]: pages.setup,
    [paths.people()]: pages.people,
    [paths.audit()]: pages.audit,
  }[pathname];
  // A chunk that is missing is dealt with where the page is rendered.
  page?.().catch(() => undefined);
}
