import query from "@tanstack/eslint-plugin-query";
import importX from "eslint-plugin-import-x";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";
import { bareText } from "./scripts/bare-text-rule.mjs";

/** Imports run one way: a folder uses only what stands after it. */
const order = [
  "main.tsx",
  "app.tsx",
  "layout",
  "pages",
  "admin",
  "signup",
  "profile",
  "activity",
  "password",
  "sessions",
  "tokens",
  "users",
  "auth",
  "api",
  "ui",
];
const zones = order.map((folder, index) => ({
  target: `./src/${folder}`,
  from: order.slice(0, index).map((above) => `./src/${above}`),
}));

export default tseslint.config(
  { ignores: ["dist", "dist-token", "src/api/gen", "test-results", "playwright-report"] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  jsxA11y.flatConfigs.strict,
  reactHooks.configs.flat["recommended-latest"],
  ...query.configs["flat/recommended"],
  {
    plugins: { "import-x": importX, hallpass: { rules: { "bare-text": bareText } } },
    languageOptions: {
      parserOptions: { projectService: { allowDefaultProject: ["*.js", "scripts/*.mjs"] } },
    },
    settings: { "import-x/resolver-next": [importX.createNodeResolver({ extensions: [".ts", ".tsx"] })] },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "import-x/no-cycle": "error",
      "import-x/no-restricted-paths": ["error", { zones: zones.filter((zone) => zone.from.length > 0) }],
      "import-x/no-default-export": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/dot-notation": "off",
      "no-restricted-properties": ["error", { object: "window", property: "localStorage" }],
      "no-restricted-globals": ["error", "localStorage", "sessionStorage", "indexedDB"],
    },
  },
  { files: ["src/**/*.tsx"], rules: { "hallpass/bare-text": "error" } },
  {
    files: ["*.{js,ts}", "scripts/**"],
    rules: { "import-x/no-default-export": "off" },
  },
  {
    files: ["e2e/**"],
    rules: {
      // Playwright's fixtures call their continuation `use`.
      "react-hooks/rules-of-hooks": "off",
      "no-empty-pattern": "off",
      // The tests look whether anything is stored there.
      "no-restricted-globals": "off",
    },
  },
  { files: ["**/*.{js,mjs}"], ...tseslint.configs.disableTypeChecked },
);
