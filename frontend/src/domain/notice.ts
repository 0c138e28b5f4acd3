// Something that the server has told: a market opened, a feed fell silent, a threshold was crossed.

export interface Notice {
  readonly id: number;
  readonly kind: string;
  /** Such as `info`, `warning` or `critical`. */
  readonly severity: string;
  readonly title: string;
  readonly text: string;
  readonly acknowledged: boolean;
}
