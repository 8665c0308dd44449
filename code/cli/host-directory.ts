/* host-directory.ts: A DIRECTORY OF THE HOST
 *
 * What the emulated system may read of the real one: the files in a directory that the user has named, and nothing that leads out of it
 * <design/files#.host>.
 */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { EACCES, EIO, EISDIR, ENOENT, ENOTDIR, type HostDirectory, type HostStat } from '../os/os.ts';

/** The separator, and paths, as bytes: names need not be text. */
const separator = Buffer.from(sep);

const codes: Readonly<Record<string, number>> = {
  ENOENT, ENOTDIR, EISDIR, EACCES, EPERM: EACCES, ELOOP: EACCES,
};

/** attempt -- what a call of the host returns, or what `refuse` makes of the error number of its failure. */
function attempt<T>(call: () => T, refuse: (errno: number) => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') throw error;
    return refuse(codes[error.code] ?? EIO);
  }
}

const positive = (errno: number): number => errno;
const negative = (errno: number): number => -errno;

/** A directory to be read. */
export class NodeDirectory implements HostDirectory {
  private readonly root: Buffer;

  /** Throws the host's error if there is no directory at `path`. */
  constructor(path: string) {
    this.root = realpathSync(path, { encoding: 'buffer' });
    readdirSync(this.root);
  }

  list(path: string): readonly string[] | number {
    const place = this.place(path);
    return typeof place === 'number' ? place : attempt<string[] | number>(() => readdirSync(place, { encoding: 'latin1' }), positive);
  }

  stat(path: string): HostStat | number {
    const place = this.place(path);
    if (typeof place === 'number') return place;
    const found = attempt<Stats | number>(() => statSync(place), positive);
    if (typeof found === 'number') return found;
    if (!found.isDirectory() && !found.isFile()) return EACCES;
    return { isDirectory: found.isDirectory(), size: found.isDirectory() ? 0 : found.size };
  }

  read(path: string, offset: number, into: Uint8Array): number {
    const place = this.place(path);
    return typeof place === 'number' ? -place : attempt(() => readAt(place, offset, into), negative);
  }

  /** place -- where something is once links are followed; EACCES if that is outside, or if `path` says to go up. */
  private place(path: string): Buffer | number {
    const names = path === '' ? [] : path.split('/');
    if (names.some((name) => name === '' || name === '.' || name === '..' || name.includes('\0') || name.includes(sep))) return EACCES;
    const parts = names.flatMap((name) => [separator, Buffer.from(name, 'latin1')]);
    const full = Buffer.concat([this.root, ...parts]);
    const found = attempt<Buffer | number>(() => realpathSync(full, { encoding: 'buffer' }), positive);
    return typeof found === 'number' || isWithin(found, this.root) ? found : EACCES;
  }
}

/** isWithin -- whether a path, without links, is `root`'s or of something in it. */
function isWithin(path: Buffer, root: Buffer): boolean {
  if (path.equals(root)) return true;
  const above = root.subarray(-separator.length).equals(separator) ? root : Buffer.concat([root, separator]);
  return path.subarray(0, above.length).equals(above);
}

/** readAt -- bytes of a file from an offset on; how many. What has become a link, or no file, meanwhile is not read. */
function readAt(place: Buffer, offset: number, into: Uint8Array): number {
  const fd = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(fd).isFile()) return -EACCES;
    let done = 0;
    while (done < into.length) {
      const bytes = Buffer.alloc(into.length - done), count = readSync(fd, bytes, 0, bytes.length, offset + done);
      if (count === 0) break;
      into.set(bytes.subarray(0, count), done);
      done += count;
    }
    return done;
  } finally {
    closeSync(fd);
  }
}
