// A build step that fails when the script a browser must load before it can draw has grown past its budget.

import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** `kilobytes` counts gzipped script that index.html loads: entry chunks and what they import at once, not lazy pages. */
export function firstLoadBudget(kilobytes: number): Plugin {
  return {
    name: 'first-load-budget',
    apply: 'build',
    generateBundle(_, bundle) {
      const needed = new Set<string>();
      const need = (name: string) => {
        const chunk = bundle[name];
        if (chunk?.type !== 'chunk' || needed.has(name)) return;
        needed.add(name);
        chunk.imports.forEach(need);
      };
      for (const chunk of Object.values(bundle)) {
        if (chunk.type === 'chunk' && chunk.isEntry) need(chunk.fileName);
      }
      let bytes = 0;
      for (const name of needed) {
        const chunk = bundle[name];
        if (chunk?.type === 'chunk') bytes += gzipSync(chunk.code).byteLength;
      }
      const size = bytes / 1_000;
      if (size > kilobytes) {
        this.error(
          `the first load is ${size.toFixed(1)} KB of gzipped script; the budget is ${kilobytes} KB`,
        );
      }
    },
  };
}
