import svelte from "eslint-plugin-svelte";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          "./peer-core/src/tsconfig.json",
          "./peer-core/platform/tsconfig.json",
          "./peer-core/testing/tsconfig.json",
          "./peer-core/tsconfig.test.json",
          "./tracker/tsconfig.json",
          "./tracker/tsconfig.test.json",
          "./node-peer/tsconfig.json",
          "./node-peer/tsconfig.test.json",
          "./tests/tsconfig.json",
          "./tests/e2e/gallery/tsconfig.json",
          "./web/tsconfig.json",
          "./tsconfig.root.json",
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/prefer-nullish-coalescing": ["error", { ignorePrimitives: { boolean: true, string: true } }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-console": "error",
    },
  },
  {
    files: ["**/*.test.ts", "tests/**/*.ts"],
    rules: {
      // Expectations often name a method without calling it, and test data is indexed freely.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "no-console": "off",
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    extends: [...tseslint.configs.recommended, ...svelte.configs.recommended],
    languageOptions: { parserOptions: { parser: tseslint.parser } },
  },
);
