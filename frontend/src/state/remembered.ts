// A cell whose value outlives the page: kept in the browser's storage as JSON, read back through a decoder,
// and the same in every tab.

import type { Cell } from './cell.ts';
import { createCell } from './cell.ts';

/** Where values are kept, and who tells when another tab has changed one. */
export interface Memory {
  readonly storage: Storage;
  /** Calls `listener` with the key that another tab has changed, null for all; returns the way to stop it. */
  onForeignChange(listener: (key: string | null) => void): () => void;
}

export function browserMemory(storage: Storage): Memory {
  return {
    storage,
    onForeignChange(listener) {
      const heard = (event: StorageEvent) => listener(event.key);
      window.addEventListener('storage', heard);
      return () => window.removeEventListener('storage', heard);
    },
  };
}

function read(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

/** `decode` is given whatever was stored, null when nothing was, and answers with a value that can be used. */
export function createRemembered<Value>(
  memory: Memory,
  key: string,
  decode: (stored: unknown) => Value,
): Cell<Value> {
  const cell = createCell(decode(read(memory.storage, key)));
  memory.onForeignChange((changed) => {
    if (changed === key || changed === null) cell.set(decode(read(memory.storage, key)));
  });
  return {
    ...cell,
    set(value) {
      cell.set(value);
      try {
        memory.storage.setItem(key, JSON.stringify(value));
      } catch {
        // Storage may be full or forbidden; the value then lasts as long as the page.
      }
    },
  };
}
