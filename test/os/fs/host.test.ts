import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NodeDirectory } from '../../../code/cli/host-directory.ts';
import { EACCES, EIO, ENOENT, errnoName, ENOTDIR } from '../../../code/os/errno.ts';
import { O_RDONLY } from '../../../code/os/fs/flags.ts';
import type { HostDirectory } from '../../../code/os/fs/host.ts';
import { fileSource } from '../../../code/os/fs/source.ts';
import { BUFFER, fileRig, name, opened, PAGE, path, readNow, text } from './rig.ts';

describe('a host that answers by rote', () => {
  /** A host with a file of two pages and a bit, which notes what it is asked. */
  function host(log: string[], size: number = 2 * PAGE + 10): HostDirectory {
    return {
      list: (place) => {
        log.push(`list ${place}`);
        return place === 'gone' ? EIO : place === '' ? ['b', 'sub', 'a', 'gone', 'refused'] : ['deep'];
      },
      stat: (place) => (place === 'refused' ? EACCES : { isDirectory: place === 'sub' || place === 'gone', size }),
      read: (place, offset, into) => {
        log.push(`read ${place} ${offset} ${into.length}`);
        into.fill(65 + offset / PAGE);
        return place === 'b' ? into.length - 1 : into.length;
      },
    };
  }

  test('is asked for what is read, page by page, and costs no memory <design/files#.hole> <design/files#.host>', () => {
    const r = fileRig(), { files, thread, fileSystem, frames } = r, log: string[] = [], { available } = frames;
    expect(fileSystem.mount('/tmp/host', host(log))).toBe(0);
    const fd = opened(r, '/tmp/host/a', O_RDONLY);
    expect([readNow(r, fd, 3), name(files.pread(thread, fd, BUFFER, 9000, 2 * PAGE - 1)), text(thread, BUFFER, 0, 11)]).toEqual(['AAA', 11, 'BCCCCCCCCCC']);
    expect([log, frames.available]).toEqual([['list ', 'read a 0 4096', 'read a 4096 4096', 'read a 8192 10'], available]);
    const source = fileSource(files, fd);
    if (source === null || typeof source === 'number') throw new Error('it cannot be mapped');
    expect([source.isRegular, source.mayWrite, source.object.frame(1) >= 0, name(files.pread(thread, fd, BUFFER, 2, PAGE)), log.length]).toEqual([true, false, true, 2, 5]);
  });

  test('is listed in the order of bytes, once; what it refuses is refused <design/files#.inv.host>', () => {
    const r = fileRig(), { files, thread, fileSystem } = r, log: string[] = [];
    expect([fileSystem.mount('/h', host(log)), fileSystem.mount('/h', host(log)), fileSystem.mount('/x/h', host(log))].map(errnoName)).toEqual(['0', 'EEXIST', 'ENOENT']);
    const fd = opened(r, '/h', O_RDONLY), root = fileSystem.walk(fileSystem.root, '/h');
    if (typeof root === 'number' || root.type !== 'directory') throw new Error('no mount');
    expect([fd, root.from(2).map((entry) => entry.name)]).toEqual([0, ['a', 'b', 'gone', 'sub']]);
    const tries = ['/h/refused', '/h/none', '/h/gone', '/h/gone/x', '/h/sub/deep/', '/h/b'].map((value) => name(files.open(thread, path(thread, value), O_RDONLY)));
    expect(tries).toEqual(['EACCES', 'ENOENT', 'EIO', 'EIO', 'ENOTDIR', 1]);
    expect([readNow(r, 1, 9), log.filter((line) => line.startsWith('list'))]).toEqual(['EIO', ['list ', 'list gone', 'list sub']]);
    expect([files.stat(thread, path(thread, '/h/sub/deep'), BUFFER), thread.hart.load32(BUFFER, 0), thread.hart.load16(BUFFER, 24)]).toEqual([0, 2, 0o100444]);
    expect(errnoName(fileSystem.mount('/bad', { ...host(log), list: () => EACCES }))).toBe('EACCES');
    expect(typeof fileSystem.walk(fileSystem.root, '/bad')).toBe('number');
  });
});

describe('a directory of this host', () => {
  let root = '';

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'capstan-host-'));
    mkdirSync(join(root, 'in', 'sub'), { recursive: true });
    mkdirSync(join(root, 'inner'));
    writeFileSync(join(root, 'in', 'file'), 'hello');
    writeFileSync(join(root, 'in', 'sub', 'long'), 'x'.repeat(5000));
    writeFileSync(join(root, 'secret'), 'secret');
    writeFileSync(join(root, 'inner', 'secret'), 'secret');
    for (const [link, target] of [['out', '../secret'], ['up', '..'], ['beside', '../inner/secret'], ['own', 'sub/long'], ['self', '.'], ['loop', 'loop'], ['root', '/']]) {
      symlinkSync(target, join(root, 'in', link));
    }
  });

  afterAll(() => rmSync(root, { recursive: true }));

  test('is read, and what leads out of it is refused <design/files#.host>', () => {
    const host: HostDirectory = new NodeDirectory(join(root, 'in')), into = new Uint8Array(6);
    expect([...host.list('') as string[]].sort()).toEqual(['beside', 'file', 'loop', 'out', 'own', 'root', 'self', 'sub', 'up']);
    expect([host.stat(''), host.stat('file'), host.stat('own'), host.stat('self/file')])
      .toEqual([{ isDirectory: true, size: 0 }, { isDirectory: false, size: 5 }, { isDirectory: false, size: 5000 }, { isDirectory: false, size: 5 }]);
    expect([host.read('file', 1, into), String.fromCharCode(...into), host.read('own', 4998, into), host.read('file', 9, into)]).toEqual([4, 'ello\0\0', 2, 0]);
    for (const place of ['out', 'up', 'up/secret', 'beside', 'loop', 'root', 'root/etc', '..', '../secret', 'sub/..', './file', 'sub//long', '/etc', 'file\0', '.']) {
      expect([host.list(place), host.stat(place), host.read(place, 0, into)], place).toEqual([EACCES, EACCES, -EACCES]);
    }
    expect([host.list('none'), host.stat('file/x'), host.list('file'), host.read('sub', 0, into)]).toEqual([ENOENT, ENOTDIR, ENOTDIR, -EACCES]);
    expect(() => new NodeDirectory(join(root, 'none'))).toThrow('ENOENT');
    expect(() => new NodeDirectory(join(root, 'secret'))).toThrow('ENOTDIR');
  });

  test('mounted it is part of the tree, as long as it was when it was found <design/files#.inv.host>', () => {
    const r = fileRig(), { files, thread, fileSystem } = r;
    expect(fileSystem.mount('/host', new NodeDirectory(join(root, 'in')))).toBe(0);
    const fd = opened(r, '/host/sub/long', O_RDONLY), file = opened(r, '/host/file', O_RDONLY);
    expect([readNow(r, fd, 9000)?.toString().length, readNow(r, file, 9)]).toEqual([5000, 'hello']);
    truncateSync(join(root, 'in', 'sub', 'long'), 4500);
    unlinkSync(join(root, 'in', 'file'));
    expect([name(files.pread(thread, fd, BUFFER, 9000, 0)), name(files.pread(thread, fd, BUFFER, 10, PAGE)), name(files.pread(thread, file, BUFFER, 1, 0))])
      .toEqual([PAGE, 'EIO', 'EIO']);
    expect(name(files.open(thread, path(thread, '/host/out'), O_RDONLY))).toBe('EACCES');
  });
});
