import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defaultClientConditions, defineConfig } from "vite";

export default defineConfig({
  // Relative, so that the page works below any path of a proxy.
  base: "./",
  plugins: [svelte()],
  resolve: { conditions: ["source", ...defaultClientConditions] },
  // A module, so that what only some browsers need can be loaded when it is.
  worker: { format: "es" },
  build: {
    target: "es2023",
    // The polyfill and inlined files would need a weaker Content-Security-Policy.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  // A hub started with `npm start` answers for the page that is being worked on.
  server: { proxy: { "/api": "http://localhost:8000", "/announce": { target: "ws://localhost:8000", ws: true } } },
});
