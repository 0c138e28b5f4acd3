// How the dashboard is built, served in development and tested.
// The build lands inside the Python package, which serves it under /static/.

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';
import { firstLoadBudget } from './dev/firstLoadBudget.ts';

const backend = process.env['THOR_WEB_URL'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  base: '/static/',
  plugins: [react(), firstLoadBudget(250)],
  build: {
    outDir: '../thor_web/dashboard',
    emptyOutDir: true,
    // Every asset is a file of its own origin, so that a strict content security policy can stand.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The notices that the licences of the bundled packages ask for.
    license: { fileName: 'licenses.md' },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/api': backend,
      '/admin': backend,
      '/healthz': backend,
      '/static/admin': backend,
    },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'logic', include: ['src/**/*.test.ts'], environment: 'node' } },
      { extends: true, test: { name: 'drawn', include: ['src/**/*.test.tsx'], environment: 'jsdom' } },
    ],
    css: { include: [/tokens\.css/] },
    restoreMocks: true,
  },
});
