/* stat.ts: WHAT IS SAID ABOUT FILES
 *
 * The structures that calls write to a program's memory: `struct stat` and `struct dirent`, as FreeBSD lays them out
 * <design/files#.structures>.
 */
import { PageSIZE } from '../../machine/machine.ts';

/** What stat tells. */
export interface FileStat {
  /** Which file system: 1 memory's, 2 and up those of the host. */
  readonly device: number;
  readonly id: number;
  /** Kind and permissions. */
  readonly mode: number;
  readonly links: number;
  /** Bytes. */
  readonly size: number;
  /** When it was last written; microseconds of the kernel's clock. */
  readonly modified: number;
}

/** Bytes of a `struct stat`. */
export const StatSIZE = 224;

/** Bytes that st_blocks counts in. */
const BlockSIZE = 512;

/** statBytes -- a `struct stat`. */
export function statBytes({ device, id, mode, links, size, modified }: FileStat): Uint8Array {
  const bytes = new Uint8Array(StatSIZE), view = new DataView(bytes.buffer);
  const put = (at: number, value: number): void => view.setBigUint64(at, BigInt(value), true);
  put(0, device);
  put(8, id);
  put(16, links);
  view.setUint16(24, mode, true);
  for (const time of [48, 64, 80]) {
    put(time, Math.floor(modified / 1_000_000));
    put(time + 8, (modified % 1_000_000) * 1000);
  }
  put(112, size);
  put(120, Math.ceil(size / BlockSIZE));
  view.setUint32(128, PageSIZE, true);
  return bytes;
}

/** A name in a directory. */
export interface Entry {
  readonly name: string;
  readonly id: number;
  readonly mode: number;
  /** Where reading goes on after it. */
  readonly next: number;
}

/** Bytes of a `struct dirent` before its name. */
const DirentHEAD = 24;
/** d_type is the kind of a file in the mode's terms. */
const DT_SHIFT = 12;

/** direntBytes -- a `struct dirent`, with its name and a zero, a multiple of 8 bytes. */
export function direntBytes({ name, id, mode, next }: Entry): Uint8Array {
  const bytes = new Uint8Array((DirentHEAD + name.length + 1 + 7) & -8), view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(id), true);
  view.setBigUint64(8, BigInt(next), true);
  view.setUint16(16, bytes.length, true);
  bytes[18] = mode >>> DT_SHIFT;
  view.setUint16(20, name.length, true);
  for (let i = 0; i < name.length; i++) bytes[DirentHEAD + i] = name.charCodeAt(i);
  return bytes;
}
