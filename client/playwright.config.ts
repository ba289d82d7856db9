import { defineConfig } from "@playwright/test";

/**
 * The app in Debian's Chromium: built, on the real server; the same on tokens instead of the cookie; and through the
 * development server. Each worker has its own.
 */
export default defineConfig({
  testDir: "e2e",
  fullyParallel: true,
  workers: 2,
  // Far above what anything takes: a slow machine is no failure.
  timeout: 180_000,
  expect: { timeout: 30_000 },
  forbidOnly: true,
  failOnFlakyTests: true,
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    locale: "en-GB",
    timezoneId: "UTC",
    launchOptions: {
      executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Names that are no localhost: browsers trust those less on plain http.
        "--host-resolver-rules=MAP *.lan 127.0.0.1",
      ],
    },
  },
  projects: [
    { name: "built", metadata: { mode: "built" }, testIgnore: ["checkouts.spec.ts", "token-mode.spec.ts"] },
    {
      name: "token",
      metadata: { mode: "token" },
      testIgnore: ["checkouts.spec.ts", "static.spec.ts", "accessibility.spec.ts", "mail.spec.ts"],
    },
    {
      name: "dev",
      metadata: { mode: "dev" },
      testIgnore: [
        "accessibility.spec.ts",
        "plain-http.spec.ts",
        "static.spec.ts",
        "token-mode.spec.ts",
        "mail.spec.ts",
      ],
    },
  ],
});
