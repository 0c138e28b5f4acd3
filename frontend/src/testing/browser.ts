// Stand-ins for what the test document lacks: media queries and animations.

import { vi } from 'vitest';

/** Makes exactly the given media queries hold. */
export function pretendMedia(...holding: readonly string[]): void {
  vi.stubGlobal('matchMedia', (query: string) => ({
    matches: holding.includes(query),
    addEventListener: () => undefined,
    removeEventListener: () => undefined,
  }));
}

/** Records animations instead of playing them. */
export function recordAnimations(): { readonly colours: string[] } {
  const colours: string[] = [];
  Object.defineProperty(HTMLElement.prototype, 'animate', {
    configurable: true,
    value: ([first]: readonly { backgroundColor: string }[]) => colours.push(first?.backgroundColor ?? ''),
  });
  return { colours };
}

/** Lets a modal dialog open and close, which the test document cannot. */
export function pretendDialogs(): void {
  Object.assign(HTMLDialogElement.prototype, {
    showModal(this: HTMLDialogElement) {
      this.open = true;
    },
    close(this: HTMLDialogElement) {
      this.open = false;
      this.dispatchEvent(new Event('close'));
    },
  });
}
