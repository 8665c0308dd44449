/* directory.ts: DIRECTORIES AND DEVICES
 *
 * What paths lead through, and the files that hold nothing <design/files#.tree>.
 */
import { PageSIZE } from '../../machine/machine.ts';
import { EFAULT, EISDIR, ENOENT } from '../errno.ts';
import type { Thread } from '../thread.ts';
import type { Content } from './content.ts';
import { copyOut } from './copy.ts';
import { Placed, type Backing } from './description.ts';
import { POLLIN, POLLRDNORM, S_IFCHR, S_IFDIR } from './flags.ts';
import type { Entry, FileStat } from './stat.ts';

/** What a name in a directory stands for, and when it came. */
interface Named {
  readonly node: Node;
  readonly order: number;
}

/** What a name in a directory leads to. */
export type Node = Directory | Content | Device;

/** A directory. */
export class Directory extends Placed implements Backing {
  readonly type = 'directory';
  readonly device: number;
  readonly id: number;
  readonly mode: number;
  /** Its names cannot be changed: the host's. */
  readonly isReadOnly: boolean;
  /** The root's is the root; null once it has been removed. */
  parent: Directory | null = null;
  name: string = '';
  /** In the order in which they came. */
  protected readonly nodes: Map<string, Named> = new Map<string, Named>();
  /** Before the first name are the directory itself and its parent. */
  private orders: number = 2;

  constructor(device: number, id: number, mode: number, isReadOnly: boolean = false) {
    super();
    this.device = device;
    this.id = id;
    this.mode = S_IFDIR | mode;
    this.isReadOnly = isReadOnly;
  }

  /** Whether it is where a file system of the host begins. */
  get isMount(): boolean {
    return this.parent !== null && this.parent.device !== this.device;
  }

  // Names ------------------------------------------------------------------------------------------------------------

  /** find -- what a name leads to; an error number, ENOENT if to nothing. */
  find(name: string): Node | number {
    return this.nodes.get(name)?.node ?? ENOENT;
  }

  /** add -- give a node a name, which nothing here has. */
  add(name: string, node: Node): void {
    this.nodes.set(name, { node, order: this.orders });
    this.orders += 1;
    if (!(node instanceof Directory)) return;
    node.parent = this;
    node.name = name;
  }

  /** remove -- take a name away. */
  remove(name: string): void {
    const node = this.nodes.get(name)?.node;
    this.nodes.delete(name);
    if (node instanceof Directory) node.parent = null;
  }

  get isEmpty(): boolean {
    return this.nodes.size === 0;
  }

  /** path -- its path from the root; of one that has been removed what is left is its name. */
  path(): string {
    if (this.parent === null) return this.name;
    if (this.parent === this) return '/';
    const above = this.parent.path();
    return above === '/' ? `/${this.name}` : `${above}/${this.name}`;
  }

  /** from -- the names that a reading which stands at `offset` has before it. */
  from(offset: number): Entry[] {
    const own: Entry[] = [
      { name: '.', id: this.id, mode: this.mode, next: 1 }, { name: '..', id: (this.parent ?? this).id, mode: this.mode, next: 2 },
    ];
    const found = own.slice(Math.min(offset, 2));
    for (const [name, { node, order }] of this.nodes) if (order >= offset) found.push({ name, id: node.id, mode: node.mode, next: order + 1 });
    return found;
  }

  // As a file --------------------------------------------------------------------------------------------------------

  get size(): number {
    return this.nodes.size;
  }

  read(): number {
    return -EISDIR;
  }

  write(): number {
    return -EISDIR;
  }

  override events(): number {
    return POLLIN | POLLRDNORM;
  }

  stat(): FileStat {
    const { device, id, mode, size } = this;
    let links = 2;
    for (const { node } of this.nodes.values()) if (node instanceof Directory) links += 1;
    return { device, id, mode, links, size, modified: 0 };
  }

  close(): void {
    // A directory holds nothing that would have to be given back.
  }
}

const zeros: Uint8Array = new Uint8Array(PageSIZE);

/** /dev/null and /dev/zero. */
export class Device extends Placed implements Backing {
  readonly type = 'device';
  readonly isReadOnly = false;
  readonly size = 0;
  readonly kind: 'null' | 'zero';
  readonly id: number;
  readonly mode: number = S_IFCHR | 0o666;

  constructor(kind: 'null' | 'zero', id: number) {
    super();
    this.kind = kind;
    this.id = id;
  }

  read(thread: Thread, slot: number, from: number, length: number): number {
    if (this.kind === 'null') return 0;
    for (let done = 0; done < length;) {
      const size = Math.min(length - done, PageSIZE), count = copyOut(thread, slot, from + done, zeros.subarray(0, size));
      done += count;
      if (count < size) return done > 0 ? done : -EFAULT;
    }
    return length;
  }

  /** write -- whatever it is goes nowhere, and is not even looked at. */
  write(_thread: Thread, _slot: number, from: number, length: number): number {
    return length - from;
  }

  stat(): FileStat {
    return { device: 1, id: this.id, mode: this.mode, links: 1, size: 0, modified: 0 };
  }

  close(): void {
    // There is one of each for ever.
  }
}
