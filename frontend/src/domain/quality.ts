// What the quality checks of stored ticks look for, in words. The checks themselves are the server's.

export interface QualityCheck {
  readonly title: string;
  readonly text: string;
  /** Whether rows that it finds are left out of the cleaned view. */
  readonly spoils: boolean;
}

export const QUALITY_CHECKS: Readonly<Record<string, QualityCheck>> = {
  gap: { title: 'Gaps', text: 'nothing for over a minute while the market was open', spoils: false },
  duplicate: {
    title: 'Duplicates',
    text: 'said before, at the same instant by the same source',
    spoils: true,
  },
  out_of_order: { title: 'Out of order', text: 'a lower number than its source had before', spoils: false },
  crossed: { title: 'Crossed', text: 'bid above ask', spoils: true },
  locked: { title: 'Locked', text: 'bid equal to ask', spoils: false },
  off_tick: { title: 'Off tick', text: 'a price between two ticks of the instrument', spoils: true },
  outlier: { title: 'Outliers', text: 'a price far away and back again', spoils: true },
  stale_run: { title: 'Stale runs', text: 'the same said again for over a minute', spoils: false },
  zero_price: { title: 'Zero prices', text: 'a price of 0', spoils: true },
  session_leak: { title: 'Session leaks', text: 'while the market was closed', spoils: true },
};

/** A check that this page does not know yet is told by its own name. */
export function qualityCheck(name: string): QualityCheck {
  return QUALITY_CHECKS[name] ?? { title: name.replaceAll('_', ' '), text: '', spoils: false };
}
