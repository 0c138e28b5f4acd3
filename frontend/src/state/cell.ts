// The smallest observable value: what React's useSyncExternalStore needs, and nothing else.

export interface Readable<Value> {
  get(): Value;
  /** Calls `listener` after each change; returns the way to stop it. */
  subscribe(listener: () => void): () => void;
}

export interface Cell<Value> extends Readable<Value> {
  set(value: Value): void;
}

export function createCell<Value>(initial: Value): Cell<Value> {
  let current = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => current,
    set(value) {
      if (Object.is(value, current)) return;
      current = value;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
