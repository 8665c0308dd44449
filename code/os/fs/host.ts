/* host.ts: DIRECTORIES OF THE HOST
 *
 * A directory outside of the machine, to be read, under a name in the file system <design/files#.host>. Who gives it decides what of the
 * host is in it; nothing else can be reached.
 */
import { PageSIZE, type Memory } from '../../machine/machine.ts';
import { ENOENT } from '../errno.ts';
import type { Frames } from '../vm/frames.ts';
import { VmObject } from '../vm/object.ts';
import { Content } from './content.ts';
import { Directory, type Node } from './directory.ts';

/** What is told of a file of the host. */
export interface HostStat {
  readonly isDirectory: boolean;
  /** Bytes. */
  readonly size: number;
}

/** A directory of the host. Paths are relative to it, '' the directory itself, names parted by '/', a character a byte; failures are
 * error numbers. */
export interface HostDirectory {
  /** list -- the names in a directory, or an error. */
  list(path: string): readonly string[] | number;
  stat(path: string): HostStat | number;
  /** read -- bytes from `offset` on; how many, or an error negated. */
  read(path: string, offset: number, into: Uint8Array): number;
}

/** What the nodes of a mount have in common. */
export interface Mount {
  readonly host: HostDirectory;
  readonly device: number;
  readonly memory: Memory;
  readonly frames: Frames;
  readonly clock: { readonly now: number };
  /** The next node's number. */
  readonly number: () => number;
}

/** A directory of the host. It stays as it was found when it was first looked into <design/files#.inv.host>. */
export class HostFolder extends Directory {
  private readonly mount: Mount;
  private readonly place: string;
  /** Names that lead to something which may not be had, and why. */
  private readonly refused = new Map<string, number>();
  /** null until it has been looked into; then 0, or why it cannot be. */
  private state: number | null = null;

  constructor(mount: Mount, place: string) {
    super(mount.device, mount.number(), 0o555, true);
    this.mount = mount;
    this.place = place;
  }

  /** load -- look into it, once: 0 or an error. */
  load(): number {
    if (this.state !== null) return this.state;
    const names = this.mount.host.list(this.place);
    this.state = typeof names === 'number' ? names : 0;
    if (typeof names === 'number') return names;
    for (const name of [...names].sort(byBytes)) {
      const node = this.node(this.place === '' ? name : `${this.place}/${name}`);
      if (typeof node === 'number') this.refused.set(name, node);
      else this.add(name, node);
    }
    return 0;
  }

  private node(place: string): Node | number {
    const { mount } = this, found = mount.host.stat(place);
    if (typeof found === 'number') return found;
    if (found.isDirectory) return new HostFolder(mount, place);
    const { host, device, memory, frames, clock } = mount;
    const pager = (page: number, into: Uint8Array): boolean => {
      const offset = page * PageSIZE, want = Math.min(PageSIZE, found.size - offset);
      return host.read(place, offset, into.subarray(0, want)) === want;
    };
    const object = new VmObject(place, found.size, false, memory, frames, pager);
    return new Content({ type: 'regular', object, memory, clock, device, id: mount.number(), mode: 0o444, links: 1, pager });
  }

  override find(name: string): Node | number {
    const error = this.load();
    if (error !== 0) return error;
    return this.refused.get(name) ?? this.nodes.get(name)?.node ?? ENOENT;
  }
}

/** byBytes -- the order of names, whatever the host's is. */
const byBytes = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);
