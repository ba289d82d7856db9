/** Every address of the app; nobody types a path. */
export const paths = {
  home: () => "/",
  search: (q?: string) => (q ? `/search?${new URLSearchParams({ q }).toString()}` : "/search"),
  login: (next?: string) => (next ? `/login?${new URLSearchParams({ next }).toString()}` : "/login"),
  logout: () => "/logout",
  account: () => "/account",
  security: () => "/account/security",
  register: () => "/register",
  forgotPassword: () => "/forgot-password",
  setup: () => "/setup",
  link: () => "/link",
  people: () => "/admin/users",
  person: (id: string) => `/admin/users/${id}`,
  audit: () => "/admin/audit",
};
