// The page's colours as a canvas needs them: resolved, since a canvas knows no custom properties.

export interface ChartColours {
  readonly panel: string;
  readonly text: string;
  readonly textSoft: string;
  readonly line: string;
  readonly lineStrong: string;
  readonly up: string;
  readonly down: string;
  readonly upWash: string;
  readonly downWash: string;
  readonly accent: string;
  readonly notice: string;
  readonly wait: string;
  readonly good: string;
  readonly type: string;
}

/** Reads the tokens as they look inside `element` now. */
export function readColours(element: HTMLElement): ChartColours {
  const probe = document.createElement('span');
  element.append(probe);
  const colour = (token: string) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    panel: colour('panel'),
    text: colour('text'),
    textSoft: colour('text-soft'),
    line: colour('line'),
    lineStrong: colour('line-strong'),
    up: colour('up'),
    down: colour('down'),
    upWash: colour('up-wash'),
    downWash: colour('down-wash'),
    accent: colour('accent'),
    notice: colour('notice'),
    wait: colour('wait'),
    good: colour('good'),
    type: getComputedStyle(probe).fontFamily,
  };
  probe.remove();
  return colours;
}
