import { describe, expect, test } from 'vitest';
import { errnoName } from '../../../code/os/errno.ts';
import { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '../../../code/os/fs/flags.ts';
import type { HostDirectory } from '../../../code/os/fs/host.ts';
import { RLIMIT_NOFILE } from '../../../code/os/proc/limits.ts';
import { BUFFER, fileRig, name, now, opened, path, PATH, PATH2, poke, readNow, writeNow, type FileRig } from './rig.ts';

/** A host that has a directory with a file in it. */
const host: HostDirectory = {
  list: (place) => (place === '' ? ['sub', 'file', 'out'] : []),
  stat: (place) => (place === 'out' ? 13 : { isDirectory: place === 'sub', size: 5 }),
  read: (_place, offset, into) => {
    into.set(Uint8Array.from('hello', (letter) => letter.charCodeAt(0)).subarray(offset, offset + into.length));
    return into.length;
  },
};

/** world -- a tree to try names on: files and directories of all permissions, and the host's. */
function world(): FileRig {
  const r = fileRig(), { files, thread } = r;
  for (const made of ['/d', '/d/e', '/full', '/full/x', '/locked', '/sealed']) expect(files.mkdir(thread, path(thread, made))).toBe(0);
  for (const made of ['/f', '/d/g', '/locked/in', '/sealed/in']) writeNow(r, opened(r, made), 'content');
  expect([files.mkdir(thread, path(thread, '/nowrite'), 0o500), files.mkdir(thread, path(thread, '/nosearch'), 0o600)]).toEqual([0, 0]);
  opened(r, '/readonly', O_RDWR | O_CREAT, 0o400);
  opened(r, '/writeonly', O_RDWR | O_CREAT, 0o200);
  expect(r.fileSystem.mount('/host', host)).toBe(0);
  r.files.finish();
  return r;
}

const long = 'n'.repeat(256);

describe('open', () => {
  test.each<[string, string, number, string | number]>([
    ['a file', '/f', O_RDONLY, 0],
    ['a relative path', 'd/g', O_RDWR, 0],
    ['dots', '/d/./e/../../d//g', O_RDONLY, 0],
    ['above the root', '/../../f', O_RDONLY, 0],
    ['a directory', '/d', O_RDONLY, 0],
    ['a directory with a slash', '/d/', O_RDONLY | O_DIRECTORY, 0],
    ['the root', '/', O_RDONLY, 0],
    ['a new file', '/new', O_RDWR | O_CREAT, 0],
    ['one that is there', '/f', O_RDWR | O_CREAT | O_TRUNC, 0],
    ['a device', '/dev/null', O_RDWR, 0],
    ['the host\'s', '/host/file', O_RDONLY, 0],
    ['the host\'s directory', '/host/sub', O_RDONLY, 0],
    ['nothing', '/nothing', O_RDONLY, 'ENOENT'],
    ['no path', '', O_RDONLY, 'ENOENT'],
    ['nothing on the way', '/nothing/f', O_RDWR | O_CREAT, 'ENOENT'],
    ['a file on the way', '/f/x', O_RDONLY, 'ENOTDIR'],
    ['a file with a slash', '/f/', O_RDONLY, 'ENOTDIR'],
    ['a file and dot', '/f/.', O_RDONLY, 'ENOTDIR'],
    ['a file where a directory is wanted', '/f', O_RDONLY | O_DIRECTORY, 'ENOTDIR'],
    ['a directory to write', '/d', O_WRONLY, 'EISDIR'],
    ['a directory to make', '/d', O_RDONLY | O_CREAT, 'EISDIR'],
    ['a directory to empty', '/d', O_RDONLY | O_TRUNC, 'EISDIR'],
    ['a new file with a slash', '/new/', O_RDWR | O_CREAT, 'EISDIR'],
    ['one that must be new', '/f', O_RDWR | O_CREAT | O_EXCL, 'EEXIST'],
    ['no right to read', '/writeonly', O_RDONLY, 'EACCES'],
    ['no right to read, both asked', '/writeonly', O_RDWR, 'EACCES'],
    ['only the right to write', '/writeonly', O_WRONLY, 0],
    ['no right to write', '/readonly', O_WRONLY, 'EACCES'],
    ['no right to empty', '/readonly', O_RDONLY | O_TRUNC, 'EACCES'],
    ['only the right to read', '/readonly', O_RDONLY, 0],
    ['no right to make', '/nowrite/x', O_RDWR | O_CREAT, 'EACCES'],
    ['no right to search', '/nosearch/x', O_RDONLY, 'EACCES'],
    ['the host\'s to write', '/host/file', O_WRONLY, 'EROFS'],
    ['the host\'s to empty', '/host/file', O_RDONLY | O_TRUNC, 'EROFS'],
    ['new at the host', '/host/new', O_RDWR | O_CREAT, 'EROFS'],
    ['out of the host', '/host/out', O_RDONLY, 'EACCES'],
    ['a long name', `/${long}`, O_RDONLY, 'ENAMETOOLONG'],
    ['a long path', '/d/../'.repeat(200), O_RDONLY, 'ENAMETOOLONG'],
    ['wrong flags', '/f', 0x80, 'EINVAL'],
    ['no access mode', '/f', 3, 'EINVAL'],
    ['a directory that is to be made', '/f', O_CREAT | O_DIRECTORY, 'EINVAL'],
  ])('%s <design/files#.tree>', (_what, value, flags, expected) => {
    const r = world(), before = r.fileSystem.root.stat();
    expect(name(r.files.open(r.thread, path(r.thread, value), flags))).toBe(expected);
    if (typeof expected === 'string') expect([r.files.list(), r.fileSystem.root.stat()]).toEqual([[], before]);
  });

  test('a path that cannot be read is EFAULT, and with no descriptor left nothing is made <design/files#.limit>', () => {
    const r = world(), { files, thread, limits } = r;
    expect(name(files.open(thread, 0, O_RDONLY))).toBe('EFAULT');
    expect(limits.set(RLIMIT_NOFILE, { soft: 2, hard: 2 })).toBe(0);
    const [, second] = [opened(r, '/one'), opened(r, '/two')];
    expect([name(files.open(thread, path(thread, '/three'), O_RDWR | O_CREAT)), name(files.dup(0)), name(files.shmOpen(O_RDWR))]).toEqual(Array(3).fill('EMFILE'));
    expect([errnoName(files.pipe(thread, BUFFER)), files.list().length]).toEqual(['EMFILE', 2]);
    expect(files.close(second)).toBe(0);
    expect([name(files.open(thread, path(thread, '/three'), O_RDWR)), errnoName(files.pipe(thread, BUFFER)), files.list().length]).toEqual(['ENOENT', 'EMFILE', 1]);
  });

  test('O_TRUNC empties, O_APPEND writes at the end wherever one was <design/files#.def.description>', () => {
    const r = world(), { files, thread } = r, fd = opened(r, '/f', O_RDWR | O_APPEND);
    expect([readNow(r, fd, 3), writeNow(r, fd, '++'), files.lseek(fd, 0, 1), readNow(r, fd, 9)]).toEqual(['con', 2, 9, '']);
    const other = opened(r, '/f', O_RDWR);
    expect(readNow(r, other, 99)).toBe('content++');
    expect([name(files.open(thread, path(thread, '/f'), O_WRONLY | O_TRUNC)), files.lseek(fd, 0, 2), writeNow(r, fd, 'x')]).toEqual([2, 0, 1]);
  });
});

describe('names', () => {
  type Call = (r: FileRig, one: string, other: string) => number;
  const mkdir: Call = ({ files, thread }, one) => files.mkdir(thread, path(thread, one));
  const rmdir: Call = ({ files, thread }, one) => files.rmdir(thread, path(thread, one));
  const unlink: Call = ({ files, thread }, one) => files.unlink(thread, path(thread, one));
  const chdir: Call = ({ files, thread }, one) => files.chdir(thread, path(thread, one));
  const rename: Call = ({ files, thread }, one, other) => files.rename(thread, path(thread, one), path(thread, other, PATH2));
  const stat: Call = ({ files, thread }, one) => files.stat(thread, path(thread, one), BUFFER);

  test.each<[string, Call, string, string, string]>([
    ['mkdir', mkdir, '/m', '', '0'], ['mkdir', mkdir, '/m/', '', '0'], ['mkdir', mkdir, '/d', '', 'EEXIST'], ['mkdir', mkdir, '/f', '', 'EEXIST'],
    ['mkdir', mkdir, '/', '', 'EEXIST'], ['mkdir', mkdir, '/x/y', '', 'ENOENT'], ['mkdir', mkdir, '/f/y', '', 'ENOTDIR'],
    ['mkdir', mkdir, '/nowrite/y', '', 'EACCES'], ['mkdir', mkdir, '/host/y', '', 'EROFS'], ['mkdir', mkdir, `/${long}`, '', 'ENAMETOOLONG'],
    ['rmdir', rmdir, '/d/e', '', '0'], ['rmdir', rmdir, '/d/e/', '', '0'], ['rmdir', rmdir, '/d', '', 'ENOTEMPTY'], ['rmdir', rmdir, '/f', '', 'ENOTDIR'],
    ['rmdir', rmdir, '/x', '', 'ENOENT'], ['rmdir', rmdir, '/', '', 'EBUSY'], ['rmdir', rmdir, '/d/..', '', 'EBUSY'], ['rmdir', rmdir, '/d/e/..', '', 'EINVAL'],
    ['rmdir', rmdir, '/host', '', 'EBUSY'], ['rmdir', rmdir, '/host/sub', '', 'EROFS'],
    ['unlink', unlink, '/f', '', '0'], ['unlink', unlink, '/d', '', 'EPERM'], ['unlink', unlink, '/x', '', 'ENOENT'], ['unlink', unlink, '/f/', '', 'ENOTDIR'],
    ['unlink', unlink, '/nosearch/x', '', 'EACCES'], ['unlink', unlink, '/host/file', '', 'EROFS'], ['unlink', unlink, '/readonly', '', '0'],
    ['chdir', chdir, '/d/e', '', '0'], ['chdir', chdir, '/f', '', 'ENOTDIR'], ['chdir', chdir, '/x', '', 'ENOENT'], ['chdir', chdir, '', '', 'ENOENT'],
    ['stat', stat, '/f', '', '0'], ['stat', stat, '/d/', '', '0'], ['stat', stat, '/f/', '', 'ENOTDIR'], ['stat', stat, '/host/out', '', 'EACCES'],
    ['rename', rename, '/f', '/n', '0'], ['rename', rename, '/f', '/d/g', '0'], ['rename', rename, '/f', '/f', '0'], ['rename', rename, '/d', '/n/', '0'],
    ['rename', rename, '/d/e', '/full/x', '0'], ['rename', rename, '/d', '/full', 'ENOTEMPTY'], ['rename', rename, '/d', '/d', '0'],
    ['rename', rename, '/f', '/d', 'EISDIR'], ['rename', rename, '/d', '/f', 'ENOTDIR'], ['rename', rename, '/d', '/d/e/n', 'EINVAL'],
    ['rename', rename, '/d', '/d/n', 'EINVAL'], ['rename', rename, '/x', '/n', 'ENOENT'], ['rename', rename, '/f', '/x/n', 'ENOENT'],
    ['rename', rename, '/f/', '/n', 'ENOTDIR'], ['rename', rename, '/f', '/d/g/', 'ENOTDIR'], ['rename', rename, '/f', '/d/', 'EISDIR'], ['rename', rename, '/f', '/n/', 'ENOTDIR'], ['rename', rename, '/d/.', '/d/..', 'EINVAL'],
    ['rename', rename, '/', '/n', 'EINVAL'], ['rename', rename, '/f', '/', 'EINVAL'],
    ['rename', rename, '/f', '/host/n', 'EROFS'], ['rename', rename, '/host/file', '/n', 'EROFS'], ['rename', rename, '/f', '/nowrite/n', 'EACCES'],
    ['rename', rename, '/host', '/n', 'EBUSY'], ['rename', rename, '/full/x', '/host', 'EBUSY'],
  ])('%s, case %# <design/files#.tree>', (_what, call, one, other, expected) => {
    expect(errnoName(call(world(), one, other))).toBe(expected);
  });

  test('a path that cannot be read, or an answer that cannot be written, is EFAULT <design/copy#.whole>', () => {
    const r = world(), { files, thread } = r;
    const calls = [files.mkdir(thread, 0), files.rmdir(thread, 0), files.unlink(thread, 0), files.chdir(thread, 0), files.stat(thread, 0, BUFFER)];
    expect(calls.map(errnoName)).toEqual(Array(5).fill('EFAULT'));
    path(thread, '/f');
    expect([files.rename(thread, PATH, 0), files.rename(thread, 0, PATH), files.stat(thread, PATH, 0)].map(errnoName)).toEqual(Array(3).fill('EFAULT'));
  });

  test('what has been renamed is where its new name says, with all that is in it <design/files#.tree>', () => {
    const r = world(), { files, thread } = r;
    expect(rename(r, '/d', '/full/moved')).toBe(0);
    expect([chdir(r, '/full/moved/e', ''), rename(r, '../g', 'here')]).toEqual([0, 0]);
    expect(readNow(r, opened(r, 'here', O_RDONLY), 99)).toBe('content');
    expect(files.list().map((view) => view.name)).toEqual(['/full/moved/e/here']);
    expect([stat(r, '/full/moved/e/here', ''), errnoName(stat(r, '/d', '')), errnoName(stat(r, '../../moved/g', ''))]).toEqual([0, 'ENOENT', 'ENOENT']);
    expect(name(files.open(thread, path(thread, '..'), O_RDONLY))).toBe(1);
    expect(files.list().map((view) => view.name)).toEqual(['/full/moved/e/here', '/full/moved']);
  });

  test('a directory that is removed under one leads nowhere <design/files#.tree>', () => {
    const r = world(), { files, thread } = r;
    expect([chdir(r, '/d/e', ''), rmdir(r, '/d/e', '')]).toEqual([0, 0]);
    expect([mkdir(r, 'x', ''), stat(r, '..', ''), chdir(r, 'x', '')].map(errnoName)).toEqual(['ENOENT', 'ENOENT', 'ENOENT']);
    expect([name(files.open(thread, path(thread, 'new'), O_RDWR | O_CREAT)), stat(r, '.', ''), chdir(r, '/', '')]).toEqual(['ENOENT', 0, 0]);
    expect(mkdir(r, '/d/e/', '')).toBe(0);
  });

  test('names need not be text <design/copy#.path>', () => {
    const r = world(), { files, thread } = r;
    poke(thread, PATH, 0, [0x2f, 0xff, 0x80, 1, 0]);
    expect(now(files.write(thread, files.open(thread, PATH, O_RDWR | O_CREAT), PATH, 3))).toBe(3);
    expect(r.fileSystem.root.from(2).at(-1)?.name).toBe('/\xff\x80\x01'.slice(1));
  });
});
