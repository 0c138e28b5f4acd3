// Builds the naive grid beside the dashboard's packages, out of the way of everything that is shipped.

import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here('.'),
  base: '/naive/',
  plugins: [react()],
  build: { outDir: here('../../node_modules/.cache/naive'), emptyOutDir: true },
});
