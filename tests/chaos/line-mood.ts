/** How a line treats what passes. */
export interface LineMood {
  /** Nothing passes while it is true. */
  held: boolean;
  /** Nobody is let in while it is true. */
  refusing: boolean;
  delayMs: number;
  /** 0 to 1: how much of what passes comes late, as what was lost and sent again does. */
  loss: number;
}

/** Everything passes at once. */
export const CALM: Readonly<LineMood> = { held: false, refusing: false, delayMs: 0, loss: 0 };
