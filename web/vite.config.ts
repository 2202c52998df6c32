import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** The page. Nothing is inlined: its content security policy forbids inline scripts, styles and data. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/app/',
  logLevel: 'error',
  build: {
    target: 'es2024',
    assetsInlineLimit: 0,
    // The browsers of that target preload modules by themselves.
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
