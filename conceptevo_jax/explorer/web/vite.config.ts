import { defineConfig } from "vite";
import { viteSingleFile } from "vite-plugin-singlefile";

// One file without any request: Python puts the data where the comment is.
export default defineConfig({
  plugins: [viteSingleFile({ removeViteModuleLoader: true })],
  build: {
    outDir: "dist",
    target: "es2022",
    assetsInlineLimit: Number.MAX_SAFE_INTEGER,
    modulePreload: false,
  },
});
