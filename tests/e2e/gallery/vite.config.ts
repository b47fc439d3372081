import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defaultClientConditions, defineConfig } from "vite";

/** The states of the page, each with a scripted engine and hub; never a part of what a hub serves. */
export default defineConfig({
  root: fileURLToPath(new URL("./", import.meta.url)),
  base: "./",
  plugins: [svelte()],
  resolve: { conditions: ["source", ...defaultClientConditions] },
  build: { target: "es2023", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});
