import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "openapi.json",
  output: { path: "src/api/gen", entryFile: false },
  plugins: [
    "@hey-api/typescript",
    "@hey-api/client-fetch",
    // The browser adds the cookie, and the fetch layer the token.
    { name: "@hey-api/sdk", auth: false },
  ],
});
