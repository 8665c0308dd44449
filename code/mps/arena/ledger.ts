/* ledger.ts: THE LEDGER
 *
 * What an MPS in C would take from its control pool, records for segments and boards, lives in the host's heap here. It is
 * charged all the same, counts against the commit limit, and can be made to fail, so that the paths of failure are walked
 * <design/ledger>.
 */

/** Bytes that the collector uses for itself. */
export class Ledger {
  used: number = 0;
  /** How many charges there have been. */
  charges: number = 0;
  /** The charge that fails, counted from 1, and those after it if `failForever`; 0 for none. */
  failAt: number = 0;
  failForever: boolean = false;
  private readonly allows: (size: number) => boolean;

  constructor(allows: (size: number) => boolean) {
    this.allows = allows;
  }

  /** charge -- take `size` bytes; false if they are not to be had. */
  charge(size: number): boolean {
    this.charges += 1;
    const failing = this.failAt !== 0 && (this.charges === this.failAt || (this.failForever && this.charges > this.failAt));
    if (failing || !this.allows(size)) return false;
    this.used += size;
    return true;
  }

  /** credit -- give `size` bytes back. */
  credit(size: number): void {
    this.used -= size;
  }
}
