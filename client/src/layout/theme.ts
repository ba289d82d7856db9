export type Theme = "system" | "light" | "dark";

/**
 * Where the choice is kept; public/theme.js reads it before the first paint. A cookie, for signing out empties the browser's
 * storages. Over https its name keeps other hosts from setting it (RFC 6265bis, section 4.1.3.2).
 */
function cookie() {
  return location.protocol === "https:"
    ? { name: "__Host-theme", secure: "; Secure" }
    : { name: "theme", secure: "" };
}

export function chosenTheme(): Theme {
  const match = new RegExp(`(?:^|; )${cookie().name}=(light|dark)`).exec(document.cookie);
  return (match?.[1] as Theme | undefined) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  const { name, secure } = cookie();
  const life = theme === "system" ? 0 : 31_536_000;
  document.cookie = `${name}=${theme}; Path=/; Max-Age=${String(life)}; SameSite=Lax${secure}`;
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
