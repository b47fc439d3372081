import { defineConfig } from "vite";

/** One file instead of two hundred: Node finds, reads and links modules one by one, which takes longer than all else. */
export default defineConfig({
  build: {
    ssr: "dist/main.js",
    outDir: "dist/bundle",
    target: "node20",
    emptyOutDir: true,
    rolldownOptions: { output: { chunkFileNames: "[name]-[hash].js" } },
  },
  // Everything but what has native parts, which are looked for beside their own files.
  ssr: { noExternal: true, external: ["bufferutil", "lmdb", "utf-8-validate"] },
});
