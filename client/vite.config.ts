import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { compression, defineAlgorithm } from "vite-plugin-compression2";
import { defineConfig } from "vitest/config";
import { hallpassProxy } from "./dev/plugin.ts";

const api = process.env["HALLPASS_API"] ?? "http://127.0.0.1:8000";
const port = Number(process.env["HALLPASS_DEV_PORT"] ?? 5173);

/** How the app proves who is signed in: `cookie` or `token`. The other way is left out of what is built. */
const authMode = process.env["VITE_AUTH_MODE"] === "token" ? "token" : "cookie";

/** The oldest browsers that are supported, as the README lists them. What they do not know is rewritten for them. */
export const browsers = ["chrome111", "edge111", "firefox114", "safari16.4"];

export default defineConfig({
  define: { "import.meta.env.VITE_AUTH_MODE": JSON.stringify(authMode) },
  plugins: [
    react(),
    tailwindcss(),
    {
      // The generated client brings the reader of event streams into what every first visit must load; only auth/live.ts,
      // which is loaded later, needs it.
      name: "event-streams-later",
      enforce: "pre",
      resolveId: (source, importer) =>
        source.endsWith("/serverSentEvents.gen") && importer?.endsWith("/gen/client/client.gen.ts")
          ? "\0no-event-streams"
          : null,
      load: (id) => (id === "\0no-event-streams" ? "export const createSseClient = undefined;" : null),
    },
    {
      // The package exports its development build alone, whose warnings every first visit would load.
      name: "production-router",
      apply: "build",
      enforce: "pre",
      resolveId: (source) =>
        source === "react-router"
          ? fileURLToPath(new URL("node_modules/react-router/dist/production/index.mjs", import.meta.url))
          : null,
    },
    !process.env["VITEST"] && hallpassProxy({ api, folder: fileURLToPath(new URL(".", import.meta.url)) }),
    compression({
      include: /\.(?:js|css|html|svg)$/,
      algorithms: [defineAlgorithm("brotliCompress"), defineAlgorithm("gzip", { level: 9 })],
      threshold: 0,
    }),
  ],
  server: {
    port,
    strictPort: true,
    host: "127.0.0.1",
    // As the server sends it with every page: one-time links must not leak through Referer.
    headers: { "Referrer-Policy": "strict-origin" },
  },
  build: {
    manifest: true,
    // A data: URI would need a hole in the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: browsers,
    rollupOptions: {
      output: {
        // A release of ours leaves the libraries in the browser's cache.
        advancedChunks: { groups: [{ name: "vendor", test: /node_modules[\\/](?!.*(?:lucide|nfinite))/ }] },
      },
    },
  },
  test: {
    env: { TZ: "UTC" },
    restoreMocks: true,
    // Far above what anything takes: a slow machine is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { requireAssertions: true },
    projects: [
      {
        extends: true,
        test: {
          name: "app",
          include: ["src/**/*.test.{ts,tsx}"],
          environment: "happy-dom",
          environmentOptions: { happyDOM: { url: "http://localhost:3000/" } },
          setupFiles: ["src/testing/setup.ts"],
        },
      },
      { extends: true, test: { name: "dev", include: ["dev/**/*.test.ts"], environment: "node" } },
    ],
  },
});
