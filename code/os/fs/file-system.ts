/* file-system.ts: THE FILE SYSTEM
 *
 * A tree of directories in memory, what paths lead to in it, and how names are made and taken away <design/files#.tree>.
 */
import type { Memory } from '../../machine/machine.ts';
import { EACCES, EBUSY, EEXIST, EINVAL, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EROFS } from '../errno.ts';
import type { Frames } from '../vm/frames.ts';
import { VmObject } from '../vm/object.ts';
import type { Profile } from '../vm/profile.ts';
import { Content } from './content.ts';
import { PathMAX } from './copy.ts';
import { Device, Directory, type Node } from './directory.ts';
import { O_ACCMODE, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_TRUNC, O_WRONLY, S_IRUSR, S_IWUSR, S_IXUSR } from './flags.ts';
import { HostFolder, type HostDirectory } from './host.ts';

/** Bytes of the longest name. */
export const NameMAX = 255;

/** What files need of a kernel. */
export interface FileMachine {
  readonly memory: Memory;
  /** Files take theirs from here: with none left there is ENOSPC. */
  readonly frames: Frames;
  readonly profile: Profile;
  readonly clock: { readonly now: number };
}

/** Where a path leads to: a name, which may be nothing's, in a directory; '' if the path is that of the directory. */
interface Place {
  readonly directory: Directory;
  readonly name: string;
  /** A slash follows it. */
  readonly isFolder: boolean;
}

/** What open has found. */
export interface Opened {
  readonly node: Node;
  readonly path: string;
}

/** The files of a kernel. */
export class FileSystem {
  readonly root: Directory;
  private readonly machine: FileMachine;
  private numbers: number = 0;
  /** The memory's own is 1. */
  private devices: number = 1;

  constructor(machine: FileMachine) {
    this.machine = machine;
    this.root = this.folder(0o755);
    this.root.parent = this.root;
    const dev = this.folder(0o755);
    this.root.add('dev', dev);
    this.root.add('tmp', this.folder(0o777));
    for (const kind of ['null', 'zero'] as const) dev.add(kind, new Device(kind, this.number()));
  }

  private number(): number {
    this.numbers += 1;
    return this.numbers;
  }

  private folder(mode: number): Directory {
    return new Directory(1, this.number(), mode);
  }

  /** shm -- shared memory without a name: a file whose pages can hold capabilities, where the profile lets shared ones. */
  shm(): Content {
    return this.content('shm', 'SHM_ANON', 0o600, 0);
  }

  private content(type: 'regular' | 'shm', name: string, mode: number, links: number): Content {
    const { memory, frames, clock, profile } = this.machine;
    const object = new VmObject(name, 0, type === 'shm' && profile.sharedTags, memory, frames);
    return new Content({ type, object, memory, clock, device: 1, id: this.number(), mode, links, pager: null });
  }

  // Paths --------------------------------------------------------------------------------------------------------------

  /** walk -- what a path leads to, from a directory if it is relative; an error number. */
  walk(from: Directory, path: string): Node | number {
    const place = this.place(from, path);
    if (typeof place === 'number') return place;
    const node = nodeAt(place);
    return typeof node !== 'number' && place.isFolder && !(node instanceof Directory) ? ENOTDIR : node;
  }

  private place(from: Directory, path: string): Place | number {
    if (path === '') return ENOENT;
    if (path.length >= PathMAX) return ENAMETOOLONG;
    const names = path.split('/').filter((name) => name !== '' && name !== '.');
    let directory = path.startsWith('/') ? this.root : from;
    for (const [index, name] of names.entries()) {
      if (name.length > NameMAX) return ENAMETOOLONG;
      if ((directory.mode & S_IXUSR) === 0) return EACCES;
      if (directory.parent === null) return ENOENT;
      if (index === names.length - 1 && name !== '..') return { directory, name, isFolder: /\/\.?$/.test(path) };
      const next: Node | number = name === '..' ? directory.parent : directory.find(name);
      if (typeof next === 'number') return next;
      if (!(next instanceof Directory)) return ENOTDIR;
      directory = next;
    }
    return { directory, name: '', isFolder: true };
  }

  // Opening ------------------------------------------------------------------------------------------------------------

  /** open -- what a path leads to, made or emptied as the flags say; ENOENT, ENOTDIR, EISDIR, EEXIST, EACCES, EROFS, ENAMETOOLONG, or what
   * the host says. */
  open(from: Directory, path: string, flags: number, mode: number): Opened | number {
    const place = this.place(from, path);
    if (typeof place === 'number') return place;
    const found = nodeAt(place), makes = (flags & O_CREAT) !== 0, name = pathOf(place);
    if (found === ENOENT && makes) return this.create(place, name, mode);
    if (typeof found === 'number') return found;
    if (makes && (flags & O_EXCL) !== 0) return EEXIST;
    const refusal = refuses(found, flags, place.isFolder);
    if (refusal !== 0) return refusal;
    if ((flags & O_TRUNC) !== 0 && found instanceof Content) found.truncate(0);
    return { node: found, path: name };
  }

  private create(place: Place, path: string, mode: number): Opened | number {
    const refusal = place.isFolder ? EISDIR : mayChange(place.directory);
    if (refusal !== 0) return refusal;
    const node = this.content('regular', path, mode & 0o777, 1);
    place.directory.add(place.name, node);
    return { node, path };
  }

  // Names ------------------------------------------------------------------------------------------------------------

  /** mkdir -- make a directory: 0, EEXIST, or as the others an error of the way there, or EACCES or EROFS of the directory above. */
  mkdir(from: Directory, path: string, mode: number): number {
    const place = this.free(from, path);
    if (typeof place === 'number') return place;
    place.directory.add(place.name, this.folder(mode & 0o777));
    return 0;
  }

  /** mount -- have a directory of the host, to be read, at a path that leads to nothing yet; 0 or an error number. */
  mount(path: string, host: HostDirectory): number {
    const place = this.free(this.root, path), { memory, frames, clock } = this.machine;
    if (typeof place === 'number') return place;
    this.devices += 1;
    const folder = new HostFolder({ host, device: this.devices, memory, frames, clock, number: () => this.number() }, '');
    const error = folder.load();
    if (error === 0) place.directory.add(place.name, folder);
    return error;
  }

  /** free -- where a name can be made. */
  private free(from: Directory, path: string): Place | number {
    const place = this.place(from, path);
    if (typeof place === 'number') return place;
    const found = nodeAt(place);
    if (typeof found !== 'number') return EEXIST;
    const refusal = found === ENOENT ? mayChange(place.directory) : found;
    return refusal === 0 ? place : refusal;
  }

  /** unlink -- take a file's name away: 0, EPERM for a directory. */
  unlink(from: Directory, path: string): number {
    const place = this.place(from, path);
    if (typeof place === 'number') return place;
    const node = nodeAt(place);
    if (typeof node === 'number') return node;
    if (node instanceof Directory) return EPERM;
    if (place.isFolder) return ENOTDIR;
    return mayChange(place.directory) || takeAway(place, node);
  }

  /** rmdir -- take a directory away: 0, ENOTEMPTY, ENOTDIR, EBUSY where a mount or the root is, EINVAL for `.` and `..`. */
  rmdir(from: Directory, path: string): number {
    const place = this.place(from, path);
    if (typeof place === 'number') return place;
    const node = nodeAt(place);
    if (typeof node === 'number') return node;
    if (!(node instanceof Directory)) return ENOTDIR;
    if (place.name === '') return node === this.root ? EBUSY : EINVAL;
    if (node.isMount) return EBUSY;
    return mayChange(place.directory) || (node.isEmpty ? takeAway(place, node) : ENOTEMPTY);
  }

  /** rename -- give something another name, in place of a file or an empty directory that has it: 0, EINVAL for a directory in itself,
   * EISDIR, ENOTDIR, ENOTEMPTY, EBUSY. */
  rename(from: Directory, oldPath: string, newPath: string): number {
    const old = this.place(from, oldPath), fresh = this.place(from, newPath);
    if (typeof old === 'number') return old;
    if (typeof fresh === 'number') return fresh;
    const node = nodeAt(old), there = nodeAt(fresh);
    if (typeof node === 'number') return node;
    if (typeof there === 'number' && there !== ENOENT) return there;
    const refusal = mayMove(node, old, fresh, there);
    if (refusal !== 0 || node === there) return refusal;
    if (typeof there !== 'number') takeAway(fresh, there);
    old.directory.remove(old.name);
    fresh.directory.add(fresh.name, node);
    return 0;
  }
}

const nodeAt = ({ directory, name }: Place): Node | number => (name === '' ? directory : directory.find(name));

function pathOf({ directory, name }: Place): string {
  const above = directory.path();
  return name === '' ? above : above === '/' ? `/${name}` : `${above}/${name}`;
}

/** refuses -- why something that exists cannot be opened so; 0 if it can. */
function refuses(node: Node, flags: number, isFolder: boolean): number {
  const access = flags & O_ACCMODE, writes = access !== O_RDONLY || (flags & O_TRUNC) !== 0;
  if (node instanceof Directory) {
    if (writes || (flags & O_CREAT) !== 0) return EISDIR;
  } else if (isFolder || (flags & O_DIRECTORY) !== 0) {
    return ENOTDIR;
  }
  if (writes && node.isReadOnly) return EROFS;
  const need = (access === O_WRONLY ? 0 : S_IRUSR) | (writes ? S_IWUSR : 0);
  if ((node.mode & need) !== need) return EACCES;
  return node instanceof HostFolder ? node.load() : 0;
}

/** mayChange -- whether names in a directory may be made and taken away: 0, EROFS or EACCES. */
function mayChange(directory: Directory): number {
  if (directory.isReadOnly) return EROFS;
  return (directory.mode & S_IWUSR) === 0 ? EACCES : 0;
}

/** mayMove -- whether a node may have a new name, which is `there`'s until now. */
function mayMove(node: Node, old: Place, fresh: Place, there: Node | number): number {
  if (old.name === '' || fresh.name === '') return EINVAL;
  const refusal = mayChange(old.directory) || mayChange(fresh.directory);
  if (refusal !== 0) return refusal;
  if (node instanceof Directory) {
    if (node.isMount) return EBUSY;
    for (let at = fresh.directory; at.parent !== at && at.parent !== null; at = at.parent) if (at === node) return EINVAL;
    if (typeof there === 'number' || there === node) return 0;
    if (!(there instanceof Directory)) return ENOTDIR;
    return there.isMount ? EBUSY : there.isEmpty ? 0 : ENOTEMPTY;
  }
  if (old.isFolder || (fresh.isFolder && !(there instanceof Directory))) return ENOTDIR;
  return there instanceof Directory ? EISDIR : 0;
}

/** takeAway -- a node has its name no longer; 0. */
function takeAway({ directory, name }: Place, node: Node): number {
  directory.remove(name);
  if (node instanceof Content) node.unlink();
  return 0;
}
