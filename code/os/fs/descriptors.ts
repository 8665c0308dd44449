/* descriptors.ts: DESCRIPTORS
 *
 * The numbers by which a process knows its descriptions <design/files#.def.descriptor>.
 */
import type { Description, FileType } from './description.ts';

/** One of them. */
interface Descriptor {
  readonly description: Description;
  closesOnExec: boolean;
}

/** What is told of one, for people. */
export interface FileView {
  readonly fd: number;
  readonly type: FileType;
  /** r, w, a(ppend), n(onblocking) and c(lose on exec), or dashes. */
  readonly flags: string;
  /** null where there are no places. */
  readonly offset: number | null;
  readonly name: string;
}

/** The descriptors of a process. */
export class Descriptors {
  private readonly table: (Descriptor | null)[] = [];
  /** None is free below. */
  private lowest: number = 0;

  /** find -- one that is open; else null. */
  find(fd: number): Descriptor | null {
    return this.table[fd] ?? null;
  }

  /** free -- the lowest number from `from` on that is none; -1 if that is not below `limit`. */
  free(from: number, limit: number): number {
    let fd = Math.max(from, this.lowest);
    while (this.find(fd) !== null) fd += 1;
    if (from <= this.lowest) this.lowest = fd;
    return fd < limit ? fd : -1;
  }

  /** put -- make a number a description's, whose holder it is from now on; returns the number. */
  put(fd: number, description: Description, closesOnExec: boolean): number {
    while (this.table.length < fd) this.table.push(null);
    this.table[fd] = { description, closesOnExec };
    return fd;
  }

  /** close -- make a number none; false if it is. */
  close(fd: number): boolean {
    const found = this.find(fd);
    if (found === null) return false;
    this.table[fd] = null;
    this.lowest = Math.min(this.lowest, fd);
    found.description.drop();
    return true;
  }

  /** copy -- the same numbers for the same descriptions. */
  copy(): Descriptors {
    const copy = new Descriptors();
    for (const [fd, found] of this.table.entries()) if (found !== null) copy.put(fd, found.description.hold(), found.closesOnExec);
    return copy;
  }

  /** exec -- close those that are to be. */
  exec(): void {
    for (const [fd, found] of this.table.entries()) if (found?.closesOnExec === true) this.close(fd);
  }

  /** finish -- close all. */
  finish(): void {
    for (const fd of this.table.keys()) this.close(fd);
  }

  list(): FileView[] {
    const views: FileView[] = [];
    for (const [fd, found] of this.table.entries()) if (found !== null) views.push(viewOf(fd, found));
    return views;
  }
}

function viewOf(fd: number, { description, closesOnExec }: Descriptor): FileView {
  const { backing, name, offset, mayRead, mayWrite, appends, isBlocking } = description;
  const letters: readonly (readonly [boolean, string])[] = [
    [mayRead, 'r'], [mayWrite, 'w'], [appends, 'a'], [!isBlocking, 'n'], [closesOnExec, 'c'],
  ];
  const flags = letters.map(([holds, letter]) => (holds ? letter : '-')).join('');
  return { fd, type: backing.type, flags, offset: backing.isSeekable ? offset : null, name };
}
