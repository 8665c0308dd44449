/* shadow.ts: THE SHADOW
 *
 * Which granules of the window are to be revoked: a bit each, which whoever frees them paints <design/revoke#.def.shadow>. Beside it a
 * coarse map, a bit for each 16 KiB, so that asking about a place where nothing is painted reads 32 KiB of memory at most
 * <design/revoke#.sol.coarse>.
 *
 *     fine    word granule / 32, bit granule % 32
 *     coarse  the same of granule / 1024
 */
import { aver } from '../base/base.ts';
import { GranuleSIZE, type Low } from './address.ts';

const WindowSIZE = 0x1_0000_0000;
const FineWORDS = WindowSIZE / GranuleSIZE / 32;
/** Words of the fine map that share a bit of the coarse one. */
const RegionWORDS = 32;
const CoarseWORDS = FineWORDS / RegionWORDS / 32;

/** A shadow as workers pass it to each other. */
export type ShadowImage = SharedArrayBuffer;

/** The shadow of an address space's window. */
export class Shadow {
  private readonly fine: Int32Array;
  private readonly coarse: Int32Array;

  /** All clear; with `image`, another worker's. */
  constructor(image: ShadowImage = new SharedArrayBuffer((FineWORDS + CoarseWORDS) * 4)) {
    this.fine = new Int32Array(image, 0, FineWORDS);
    this.coarse = new Int32Array(image, FineWORDS * 4, CoarseWORDS);
  }

  /** image -- what another worker needs to see this shadow. */
  image(): ShadowImage {
    return this.fine.buffer as SharedArrayBuffer;
  }

  /** isPainted -- whether the granule that holds a place of the window is painted. .critical */
  isPainted(low: Low): boolean {
    return ((this.coarse[low >>> 19] >>> (low >>> 14)) & 1) !== 0 && ((this.fine[low >>> 9] >>> (low >>> 4)) & 1) !== 0;
  }

  /** paint -- mark [base, limit) of the window: whole granules, base and limit from 0 to 2^32. */
  paint(base: number, limit: number): void {
    insistGranules(base, limit);
    this.change(base, limit, true);
    if (base === limit) return;
    for (let region = regionOf(base); region <= regionOf(limit - 1); region += 1) Atomics.or(this.coarse, region >>> 5, 1 << region);
  }

  /** clear -- undo that: afterwards no granule of [base, limit) is painted. */
  clear(base: number, limit: number): void {
    insistGranules(base, limit);
    this.change(base, limit, false);
    if (base === limit) return;
    for (let region = regionOf(base); region <= regionOf(limit - 1); region += 1) {
      if (!this.isClear(region)) continue;
      Atomics.and(this.coarse, region >>> 5, ~(1 << region));
      // Another worker may have painted between the two.
      if (!this.isClear(region)) Atomics.or(this.coarse, region >>> 5, 1 << region);
    }
  }

  /** change -- set or clear the fine bits of a range. Words that lie wholly in it are nobody else's; the others are shared with neighbours. */
  private change(base: number, limit: number, isPainted: boolean): void {
    const first = base / GranuleSIZE, last = limit / GranuleSIZE, inner = Math.ceil(first / 32), outer = Math.floor(last / 32);
    if (inner > outer) {
      this.some(outer, ((1 << (last - first)) - 1) << first, isPainted);
      return;
    }
    this.some(inner - 1, first % 32 === 0 ? 0 : -(1 << first), isPainted);
    this.fine.fill(isPainted ? -1 : 0, inner, outer);
    this.some(outer, (1 << last) - 1, isPainted);
  }

  private some(word: number, bits: number, isPainted: boolean): void {
    if (bits === 0) return;
    if (isPainted) Atomics.or(this.fine, word, bits);
    else Atomics.and(this.fine, word, ~bits);
  }

  private isClear(region: number): boolean {
    const { fine } = this, limit = (region + 1) * RegionWORDS;
    for (let word = region * RegionWORDS; word < limit; word += 1) {
      if (Atomics.load(fine, word) !== 0) return false;
    }
    return true;
  }
}

/** regionOf -- the bit of the coarse map for a place. */
const regionOf = (place: number): number => Math.floor(place / (GranuleSIZE * 32 * RegionWORDS));

/** insistGranules -- [base, limit) is granules of the window. */
function insistGranules(base: number, limit: number): void {
  aver(base % GranuleSIZE === 0 && limit % GranuleSIZE === 0, '<design/revoke#.paint.granules>');
  aver(base >= 0 && base <= limit && limit <= WindowSIZE, '<design/revoke#.paint.window>');
}
