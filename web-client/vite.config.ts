import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const { version }: { version: string } = JSON.parse(readFileSync(folder("../package.json"), "utf8"));

// Where `npm run dev:web` finds a running gateway.
const gateway = "http://127.0.0.1:4000";

export default defineConfig({
  root: folder("."),
  plugins: [react()],
  define: { CLIENT_VERSION: JSON.stringify(version) },
  build: {
    outDir: folder("dist"),
    emptyOutDir: true,
    // The content security policy allows files of this origin only: nothing may become a data: URL.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    modulePreload: { polyfill: false },
    // Libraries change less often than we do: browsers keep them over our releases.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "vendor", test: /node_modules/ }] } } },
  },
  server: {
    proxy: {
      "/graphql": { target: gateway, ws: true },
      "/mailbox": { target: gateway },
    },
  },
});
