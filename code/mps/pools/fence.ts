/* fence.ts: FENCEPOSTS AND FREE SPACE
 *
 * What debugging pools write around blocks, and over free memory, so as to see later whether somebody wrote there. Templates repeat, in phase
 * with addresses: pieces of free memory can be joined and divided and still be recognised <design/fence>.
 */
import { aver } from '../../base/base.ts';
import { GranuleSIZE, PageSHIFT } from '../../machine/machine.ts';
import type { Heap } from '../heap/heap.ts';

/** How a pool is debugged; the names are those of mps_pool_debug_option_s. A size of 0 does without. */
export interface DebugOptions {
  /** What fenceposts are made of: POST. */
  readonly fenceTemplate?: string | Uint8Array;
  /** Bytes of a fencepost: the template's. */
  readonly fenceSize?: number;
  /** What free memory is filled with: FREE. */
  readonly freeTemplate?: string | Uint8Array;
  /** Bytes of that template that are used: all. */
  readonly freeSize?: number;
}

/** A template, repeated over addresses. */
class Pattern {
  private readonly heap: Heap;
  private readonly template: Uint8Array;
  /** What a granule shows, if all granules show the same: free memory is megabytes. */
  private readonly words: Int32Array | null;

  constructor(heap: Heap, template: Uint8Array) {
    this.heap = heap;
    this.template = template;
    const isEven = GranuleSIZE % template.length === 0;
    this.words = isEven ? new Int32Array(Uint8Array.from({ length: GranuleSIZE }, (_, i) => template[i % template.length]).buffer) : null;
  }

  /** write -- have [base, limit) of a segment, low addresses, unsigned, show the pattern. */
  write(base: number, limit: number): void {
    const { u8 } = this.heap.memory, { template, words } = this, { length } = template, delta = this.deltaOf(base);
    if (words !== null && base % GranuleSIZE === 0 && limit % GranuleSIZE === 0) {
      const { i32 } = this.heap, last = ((limit - 1 + delta) >>> 2);
      for (let at = (base + delta) >>> 2; at <= last; ++at) i32[at] = words[at & 3];
      return;
    }
    for (let addr = base; addr < limit; ++addr) u8[(addr + delta) >>> 0] = template[addr % length];
  }

  /** spoiled -- the first address of [base, limit) that does not show it, or of its word; -1 if all do. */
  spoiled(base: number, limit: number): number {
    const { u8 } = this.heap.memory, { template, words } = this, { length } = template, delta = this.deltaOf(base);
    if (words !== null && base % GranuleSIZE === 0 && limit % GranuleSIZE === 0) {
      const { i32 } = this.heap, last = ((limit - 1 + delta) >>> 2);
      let at = (base + delta) >>> 2;
      while (at <= last && i32[at] === words[at & 3]) at += 1;
      return at > last ? -1 : ((at << 2) - delta) >>> 0;
    }
    for (let addr = base; addr < limit; ++addr) if (u8[(addr + delta) >>> 0] !== template[addr % length]) return addr;
    return -1;
  }

  private deltaOf(base: number): number {
    return this.heap.delta[this.heap.tracts[base >>> PageSHIFT]];
  }
}

/** What a debugging pool writes, and looks for. */
export class Fence {
  /** Bytes of a fencepost. */
  readonly size: number;
  private readonly post: Pattern | null;
  private readonly splat: Pattern | null;

  constructor(heap: Heap, { fenceTemplate = 'POST', fenceSize, freeTemplate = 'FREE', freeSize }: DebugOptions = {}) {
    const post = bytesOf(fenceTemplate, fenceSize), splat = bytesOf(freeTemplate, freeSize);
    this.size = fenceSize ?? post.length;
    this.post = post.length === 0 ? null : new Pattern(heap, post);
    this.splat = splat.length === 0 ? null : new Pattern(heap, splat);
  }

  /** fencePut -- a fencepost on [base, limit). */
  fencePut(base: number, limit: number): void {
    this.post?.write(base, limit);
  }

  /** fenceCheck -- the fencepost on [base, limit) stands as it was put. */
  fenceCheck(base: number, limit: number): void {
    aver(this.post === null || this.post.spoiled(base, limit) < 0, '<design/fence#.inv.fence>');
  }

  /** freePut -- [base, limit) is free from now on. */
  freePut(base: number, limit: number): void {
    this.splat?.write(base, limit);
  }

  /** freeCheck -- nobody has written to [base, limit) since it became free. */
  freeCheck(base: number, limit: number): void {
    aver(this.splat === null || this.splat.spoiled(base, limit) < 0, '<design/fence#.inv.free>');
  }
}

/** The bytes of a template that are used: all, or a piece from its beginning. */
function bytesOf(template: string | Uint8Array, size: number | undefined): Uint8Array {
  const bytes = typeof template === 'string' ? Uint8Array.from(template, (letter) => letter.charCodeAt(0)) : template;
  aver(size === undefined || (Number.isSafeInteger(size) && size >= 0), '<design/fence#.if.size>');
  aver(size === undefined || size === 0 || bytes.length > 0, '<design/fence#.if.template>');
  return size === undefined || size >= bytes.length ? bytes : bytes.subarray(0, size);
}
