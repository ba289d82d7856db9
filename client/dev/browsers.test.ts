import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Rolldown, build } from "vite";
import { expect, test } from "vitest";
import { browsers } from "../vite.config.ts";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

/** The app's stylesheet, as it is built. */
async function builtCss(): Promise<string> {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const built = (await build({
    root,
    logLevel: "silent",
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  const [sheet] = built.output.filter(({ fileName }) => fileName.endsWith(".css"));
  return sheet?.type === "asset" ? String(sheet.source) : "";
}

test("every colour has a form for browsers that do not know light-dark()", async () => {
  const css = await builtCss();
  const tokens = [...read("../src/app.css").matchAll(/(--[\w-]+): light-dark\(/g)].map(
    ([, name]) => name ?? "",
  );
  expect(tokens.length).toBeGreaterThan(15);
  for (const token of tokens) {
    const values = [...css.matchAll(new RegExp(`[{;]${token}:([^;}]*)`, "g"))].map(
      ([, value]) => value ?? "",
    );
    expect(values.length, token).toBeGreaterThan(0);
    // The first declaration is for everybody; a later one may be for browsers that know more.
    expect(values[0], token).not.toMatch(/light-dark\(/);
    expect(values[0], token).toMatch(/oklch\(.*oklch\(/);
  }
  // The system's scheme and the person's choice both switch them.
  expect(css).toMatch(
    /@media \(prefers-color-scheme:dark\)\{:root\{--lightningcss-light: ;--lightningcss-dark:initial/,
  );
  expect(css).toMatch(/:root\[data-theme=dark\]\{[^}]*--lightningcss-dark:initial/);
  expect(css).toMatch(/:root\[data-theme=light\]\{[^}]*--lightningcss-light:initial/);
});

test("the README lists the browsers that the build is for", () => {
  const names = { chrome: "Chrome", edge: "Edge", firefox: "Firefox", safari: "Safari" };
  const list = browsers.map((browser) => {
    const [, name, version] = /^([a-z]+)([\d.]+)$/.exec(browser) ?? [];
    return `${names[name as keyof typeof names]} ${String(version)}`;
  });
  expect(read("../../README.md")).toContain(list.join(", ").replace(/, (\S+ \S+)$/, " and $1"));
});
