import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `<postage-usage>`: one script with a name that stays, for the owner's own pages. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  publicDir: false,
  logLevel: 'error',
  build: {
    target: 'es2024',
    emptyOutDir: false,
    reportCompressedSize: false,
    lib: { entry: 'src/element/postage-usage.ts', formats: ['es'], fileName: () => 'postage-usage.js' },
  },
});
