// Short messages about what has just happened. They do not pile up: at most three are there, the same one is there once,
// and all but failures go by themselves.

import type { Readable } from './cell.ts';
import { createCell } from './cell.ts';

const MOST = 3;
const LASTS_MS = 6_000;

export type ToastTone = 'good' | 'notice' | 'bad';

export interface Toast {
  readonly id: number;
  /** Toasts with the same key replace each other. */
  readonly key: string;
  readonly tone: ToastTone;
  readonly title: string;
  readonly text: string;
}

export interface Toasts {
  readonly shown: Readable<readonly Toast[]>;
  show(toast: { tone: ToastTone; title: string; text?: string; key?: string }): void;
  dismiss(id: number): void;
}

export function createToasts(): Toasts {
  const shown = createCell<readonly Toast[]>([]);
  let next = 1;

  function dismiss(id: number): void {
    shown.set(shown.get().filter((toast) => toast.id !== id));
  }

  return {
    shown,
    dismiss,
    show({ tone, title, text = '', key = title }) {
      const toast = { id: next, key, tone, title, text };
      next += 1;
      shown.set([...shown.get().filter((known) => known.key !== key), toast].slice(-MOST));
      if (tone !== 'bad') setTimeout(() => dismiss(toast.id), LASTS_MS);
    },
  };
}
