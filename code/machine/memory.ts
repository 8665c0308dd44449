/* memory.ts: TAGGED PHYSICAL MEMORY
 *
 * Frames of 4 KiB in one shared buffer, and beside them one byte for each granule of 16 bytes: 1 where the granule
 * holds a capability, else 0 <design/machine#.memory.tag>. A byte and not a bit, so that two harts that store next to each
 * other cannot lose a tag <design/machine#.memory.tag.byte>, and so that it can be a lock <design/machine#.memory.lock>.
 */
import { GranuleSHIFT, PageSIZE } from './address.ts';

/** The most memory that a 32-bit physical address can name, less the last page. */
export const MemoryLIMIT: number = 0x1_0000_0000 - PageSIZE;

/** A memory as workers pass it to each other. */
export interface MemoryImage {
  readonly bytes: SharedArrayBuffer;
  readonly tags: SharedArrayBuffer;
}

/** Set in a granule's byte while one hart of several has it to itself. */
const LockBIT = 2;

/** How often a lock is tried before the thread lets others have its processor: more than anyone needs who has one himself. */
const LockTRIES = 1000;

/** Nobody ever wakes who waits for this word: he rests for as many milliseconds as he says. */
const rest = new Int32Array(new SharedArrayBuffer(4));

/** Physical memory, created at its full size; views have fixed length. */
export class Memory {
  /** Size in bytes, a multiple of the page size. */
  readonly size: number;
  /** Harts of several workers use it: accesses to granules that may hold capabilities take locks. */
  readonly isShared: boolean;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  /** One byte a granule. */
  readonly tags: Uint8Array;
  /** The same tags, four granules a word. */
  readonly tags32: Int32Array;

  /** `image` is a memory of that size which another worker has made. */
  constructor(size: number, isShared: boolean = false, image: MemoryImage | null = null) {
    if (!Number.isSafeInteger(size) || size <= 0 || size % PageSIZE !== 0 || size > MemoryLIMIT) {
      throw new RangeError(`memory of ${size} bytes: it must be a multiple of ${PageSIZE}, at most ${MemoryLIMIT}`);
    }
    this.size = size;
    this.isShared = isShared;
    const bytes = image?.bytes ?? new SharedArrayBuffer(size);
    const tags = image?.tags ?? new SharedArrayBuffer(size >>> GranuleSHIFT);
    this.i32 = new Int32Array(bytes);
    this.u8 = new Uint8Array(bytes);
    this.u16 = new Uint16Array(bytes);
    this.tags = new Uint8Array(tags);
    this.tags32 = new Int32Array(tags);
  }

  /** image -- what another worker needs to make this memory its own too. */
  image(): MemoryImage {
    return { bytes: this.u8.buffer as SharedArrayBuffer, tags: this.tags.buffer as SharedArrayBuffer };
  }

  /** lock -- have granule `g` to oneself until `unlock`; returns its tag. Nothing between the two may wait for another hart. */
  lock(g: number): number {
    const tags = this.tags;
    for (let tries = 1; ; tries += 1) {
      const tag = Atomics.load(tags, g);
      if (tag < LockBIT && Atomics.compareExchange(tags, g, tag, tag | LockBIT) === tag) return tag;
      if (tries % LockTRIES === 0) Atomics.wait(rest, 0, 0, 1);
    }
  }

  /** unlock -- let others have granule `g`, with this tag, 0 or 1; what was written before is seen by who locks it next. */
  unlock(g: number, tag: number): void {
    Atomics.store(this.tags, g, tag);
  }
}
