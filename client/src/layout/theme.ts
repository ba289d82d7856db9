export type Theme = "system" | "light" | "dark";

/** What the person chose; public/theme.js reads the same cookie before the first paint. */
export function chosenTheme(): Theme {
  const match = /(?:^|; )theme=(light|dark)/.exec(document.cookie);
  return (match?.[1] as Theme | undefined) ?? "system";
}

export function chooseTheme(theme: Theme): void {
  const life = theme === "system" ? 0 : 31_536_000;
  document.cookie = `theme=${theme}; Path=/; Max-Age=${String(life)}; SameSite=Lax`;
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
