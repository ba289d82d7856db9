// @vitest-environment node
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("app.css", import.meta.url), "utf8");

/** Relative luminance (WCAG 2.2) of an OKLCH colour, by way of linear sRGB (bottosson.github.io/posts/oklab). */
function luminance(token: string, theme: "light" | "dark"): number {
  const pair = new RegExp(`--${token}: light-dark\\(oklch\\(([^)]+)\\), oklch\\(([^)]+)\\)\\)`).exec(css);
  const [lightness = 0, chroma = 0, hue = 0] = (pair?.[theme === "light" ? 1 : 2] ?? "")
    .split(" ")
    .map(Number);
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  const green = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  const blue = -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s;
  const clamp = (value: number) => Math.min(1, Math.max(0, value));
  return 0.2126 * clamp(red) + 0.7152 * clamp(green) + 0.0722 * clamp(blue);
}

function contrast(one: string, other: string, theme: "light" | "dark"): number {
  const [dark = 0, light = 0] = [luminance(one, theme), luminance(other, theme)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

const TEXT = 4.5;
const CONTROL = 3;
const pairs: [string, string, number][] = [
  ["text", "page", TEXT],
  ["text", "surface", TEXT],
  ["text", "sunken", TEXT],
  ["muted", "page", TEXT],
  ["muted", "surface", TEXT],
  ["muted", "sunken", TEXT],
  ["on-accent", "accent", TEXT],
  ["on-accent", "accent-hover", TEXT],
  ["on-danger", "danger", TEXT],
  ["on-danger", "danger-hover", TEXT],
  ["accent-text", "accent-soft", TEXT],
  ["danger-text", "danger-soft", TEXT],
  ["danger-text", "page", TEXT],
  ["danger-text", "surface", TEXT],
  ["warning-text", "warning-soft", TEXT],
  ["control", "page", CONTROL],
  ["control", "surface", CONTROL],
  ["accent", "page", CONTROL],
  ["accent", "surface", CONTROL],
  ["danger", "surface", CONTROL],
];

test.each(
  pairs.flatMap(([one, other, least]) =>
    (["light", "dark"] as const).map((theme) => ({ one, other, least, theme })),
  ),
)("$one on $other, $theme, has at least $least : 1", ({ one, other, least, theme }) => {
  expect(contrast(one, other, theme)).toBeGreaterThanOrEqual(least);
});
