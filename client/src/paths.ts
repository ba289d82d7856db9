/** The page at `path`, which leads to `next` once somebody is signed in. */
function leadingTo(path: string, next: string | null | undefined): string {
  return next ? `${path}?${new URLSearchParams({ next }).toString()}` : path;
}

/** Every address of the app; nobody types a path. */
export const paths = {
  home: () => "/",
  search: (q?: string) => (q ? `/search?${new URLSearchParams({ q }).toString()}` : "/search"),
  login: (next?: string | null) => leadingTo("/login", next),
  logout: () => "/logout",
  account: () => "/account",
  security: () => "/account/security",
  register: (next?: string | null) => leadingTo("/register", next),
  forgotPassword: (next?: string | null) => leadingTo("/forgot-password", next),
  setup: () => "/setup",
  link: () => "/link",
  people: () => "/admin/users",
  person: (id: string) => `/admin/users/${id}`,
  audit: () => "/admin/audit",
};
