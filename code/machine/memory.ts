/* memory.ts: TAGGED PHYSICAL MEMORY
 *
 * Frames of 4 KiB in one shared buffer, and beside them one byte for each granule of 16 bytes: 1 where the granule
 * holds a capability, else 0 <design/machine#.memory.tag>. A byte and not a bit, so that two harts that store next to each
 * other cannot lose a tag <design/machine#.memory.tag.byte>.
 */
import { GranuleSHIFT, PageSIZE } from './address.ts';

/** The most memory that a 32-bit physical address can name, less the last page. */
export const MemoryLIMIT: number = 0x1_0000_0000 - PageSIZE;

/** Physical memory, created at its full size; views have fixed length. */
export class Memory {
  /** Size in bytes, a multiple of the page size. */
  readonly size: number;
  readonly i32: Int32Array;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  /** One byte a granule. */
  readonly tags: Uint8Array;
  /** The same tags, four granules a word. */
  readonly tags32: Int32Array;

  constructor(size: number) {
    if (!Number.isSafeInteger(size) || size <= 0 || size % PageSIZE !== 0 || size > MemoryLIMIT) {
      throw new RangeError(`memory of ${size} bytes: it must be a multiple of ${PageSIZE}, at most ${MemoryLIMIT}`);
    }
    this.size = size;
    const bytes = new SharedArrayBuffer(size);
    const tags = new SharedArrayBuffer(size >>> GranuleSHIFT);
    this.i32 = new Int32Array(bytes);
    this.u8 = new Uint8Array(bytes);
    this.u16 = new Uint16Array(bytes);
    this.tags = new Uint8Array(tags);
    this.tags32 = new Int32Array(tags);
  }
}
