import { describe, expect, test } from 'vitest';
import {
  andPerm, clearTag, Hart, morello, riscv, sealEntry, setBounds, slotRead, slotWrite,
} from '../../../code/machine/machine.ts';
import { random } from '../../../code/base/base.ts';
import { EFAULT, ENAMETOOLONG } from '../../../code/os/errno.ts';
import { copyIn, copyOut, copyOutAll, copyPath } from '../../../code/os/fs/copy.ts';
import { ProtNONE, ProtREAD } from '../../../code/os/vm/mman.ts';
import type { Thread } from '../../../code/os/thread.ts';
import { seeds } from '../../seed.ts';
import { close, protect, rig } from '../rig.ts';
import { arm, BUFFER, BufferPAGES, narrow, PAGE, poke, TEMP } from './rig.ts';

const ROOT = 3;

interface CopyRig {
  readonly thread: Thread;
  /** The whole memory that the buffer is in. */
  readonly real: Thread;
}

/** copyRig -- a thread whose hart has one format or the other, with the buffer, and all authority in ROOT. */
function copyRig(format: 'riscv' | 'morello'): CopyRig {
  const { thread } = rig(), codec = format === 'riscv' ? riscv : morello;
  arm(thread);
  const at = slotRead(thread.hart, BUFFER).lo;
  const hart = new Hart('other', thread.hart.memory, thread.hart.space, 64, format);
  slotWrite(hart, ROOT, codec.rootAt(at));
  setBounds(hart, BUFFER, ROOT, BufferPAGES * PAGE);
  const caller = Object.create(thread, { hart: { value: hart } }) as Thread;
  caller.hart.trap = (_hart, fault) => {
    if (thread.process.map.fault(fault) !== 'resolved') throw new Error('the program has trapped');
    return -1;
  };
  return { thread: caller, real: thread };
}

const size = BufferPAGES * PAGE;

describe.each(['riscv', 'morello'] as const)('%s', (format) => {
  test('bytes go both ways, exact to the byte, whatever the places <design/copy#.inv.prefix>', () => {
    for (const seed of seeds(2)) {
      const { thread } = copyRig(format), draw = random(seed), shadow = new Uint8Array(size);
      for (let i = 0; i < 300; i++) {
        const offset = draw(size), length = draw(Math.min(size - offset, 3 * PAGE) + 1);
        const bytes = Uint8Array.from({ length }, () => draw(256));
        expect(copyOut(thread, BUFFER, offset, bytes)).toBe(length);
        shadow.set(bytes, offset);
        const from = draw(size), count = draw(size - from + 1);
        expect(Buffer.from(copyIn(thread, BUFFER, from, count)).equals(shadow.subarray(from, from + count))).toBe(true);
      }
    }
  });

  test('bounds end a copy where they end, to the byte, from either side <design/copy#.inv.prefix>', () => {
    const { thread } = copyRig(format), { hart } = thread;
    for (const length of [1, 15, 16, 100, 2047, 4000]) {
      for (const start of [0, 1, 4095, 5000]) {
        hart.clear(TEMP);
        slotWrite(hart, TEMP, { ...slotRead(hart, BUFFER), lo: slotRead(hart, BUFFER).lo + BigInt(start) });
        setBounds(hart, TEMP, TEMP, length);
        expect([copyOut(thread, TEMP, 0, new Uint8Array(6000).fill(7)), copyIn(thread, TEMP, 0, 6000).length]).toEqual([length, length]);
        expect([copyIn(thread, TEMP, length - 1, 9).length, copyIn(thread, TEMP, length, 9).length]).toEqual([1, 0]);
        expect([copyOut(thread, TEMP, -1, new Uint8Array(9)), copyOutAll(thread, TEMP, 0, new Uint8Array(length + 1))]).toEqual([0, EFAULT]);
        expect(copyOutAll(thread, TEMP, 0, new Uint8Array(length))).toBe(0);
      }
    }
  });

  test('what the capability forbids the kernel does not do, and nobody traps <design/copy#.inv.authority> <design/copy#.inv.quiet>', () => {
    const { thread } = copyRig(format), { hart } = thread, codec = format === 'riscv' ? riscv : morello;
    const all = codec.perms(slotRead(hart, BUFFER)), bits = codec.perm;
    const tries = (slot: number): [number, number] => [copyIn(thread, slot, 0, 8).length, copyOut(thread, slot, 0, new Uint8Array(8))];
    expect(tries(BUFFER)).toEqual([8, 8]);
    andPerm(hart, TEMP, BUFFER, all & ~bits.load);
    expect(tries(TEMP)).toEqual([0, 8]);
    andPerm(hart, TEMP, BUFFER, all & ~bits.store);
    expect(tries(TEMP)).toEqual([8, 0]);
    clearTag(hart, TEMP, BUFFER);
    expect(tries(TEMP)).toEqual([0, 0]);
    sealEntry(hart, TEMP, ROOT);
    expect([hart.isTagged(TEMP), ...tries(TEMP)]).toEqual([true, 0, 0]);
    expect(tries(0)).toEqual([0, 0]);
    slotWrite(hart, TEMP, codec.rootAt(0x1000n));
    expect(tries(TEMP)).toEqual([0, 0]);
    expect(hart.faults).toBe(0);
  });

  test('a page that does not allow it ends a copy at its edge; what follows is untouched <design/copy#.inv.page> <design/copy#.inv.quiet>', () => {
    const { thread, real } = copyRig(format);
    expect(copyOut(thread, BUFFER, 0, new Uint8Array(size).fill(1))).toBe(size);
    slotWrite(real.hart, TEMP, { ...slotRead(real.hart, BUFFER), lo: slotRead(real.hart, BUFFER).lo + BigInt(PAGE) });
    protect(real, TEMP, ProtREAD);
    expect([copyIn(thread, BUFFER, 10, size - 10).length, copyOut(thread, BUFFER, 10, new Uint8Array(size - 10).fill(2))]).toEqual([size - 10, PAGE - 10]);
    close(real, TEMP);
    expect([copyIn(thread, BUFFER, 10, size).length, copyIn(thread, BUFFER, PAGE, 1).length]).toEqual([PAGE - 10, 0]);
    protect(real, TEMP, ProtREAD);
    expect([...copyIn(thread, BUFFER, PAGE - 1, 3)]).toEqual([2, 1, 1]);
    protect(real, BUFFER, ProtNONE);
    expect([copyIn(thread, BUFFER, 0, 1).length, copyOut(thread, BUFFER, 0, new Uint8Array(1))]).toEqual([0, 0]);
  });

  test('a granule of which a byte is written has no tag, its neighbours keep theirs; reading takes none away <design/copy#.inv.tags>', () => {
    const { thread } = copyRig(format), { hart } = thread, count = 40;
    const tags = (): number[] => Array.from({ length: count }, (_, index) => {
      hart.loadCap(TEMP, BUFFER, 16 * index);
      return hart.isTagged(TEMP) ? 1 : 0;
    });
    for (const [base, limit] of [[0, 1], [15, 16], [15, 17], [16, 32], [31, 33], [100, 100], [96, 545]]) {
      for (let i = 0; i < count; i++) hart.storeCap(BUFFER, 16 * i, ROOT);
      const before = [...copyIn(thread, BUFFER, 0, 16 * count)];
      expect(tags()).toEqual(Array(count).fill(1));
      expect(copyOut(thread, BUFFER, base, Uint8Array.from(before.slice(base, limit)))).toBe(limit - base);
      expect(tags()).toEqual(Array.from({ length: count }, (_, i) => (16 * i < limit && 16 * (i + 1) > base && limit > base ? 0 : 1)));
      expect([...copyIn(thread, BUFFER, 0, 16 * count)]).toEqual(before);
    }
  });
});

describe('pages that are made when they are touched', () => {
  test('the address map is asked, and the copy goes on if it has seen to it <design/copy#.inv.page>', () => {
    const { thread } = copyRig('riscv'), { hart, process } = thread, asked: string[] = [];
    expect(copyOut(thread, BUFFER, 0, new Uint8Array(size))).toBe(size);
    const low = hart.r[BUFFER << 3] >>> 12, entries = hart.space.window.slice(low, low + BufferPAGES);
    hart.space.window.fill(0, low, low + BufferPAGES);
    const map = Object.create(process.map, {
      fault: {
        value: (fault: { low: number; access: string }) => {
          const page = (fault.low >>> 12) - low;
          asked.push(`${fault.access} ${page}`);
          if (page === 3) return 'accerr';
          hart.space.window[low + page] = entries[page];
          return 'resolved';
        },
      },
    }) as typeof process.map;
    const caller = Object.create(thread, { process: { value: Object.create(process, { map: { value: map } }) as typeof process } }) as Thread;
    const { counts } = process.kernel, before = counts.pageFaults;
    expect([copyIn(caller, BUFFER, 5, 5000).length, copyOut(caller, BUFFER, PAGE, new Uint8Array(size))]).toEqual([5000, 2 * PAGE]);
    expect([asked, counts.pageFaults - before]).toEqual([['load 0', 'load 1', 'store 2', 'store 3'], 3]);
  });
});

describe('paths', () => {
  test('a path ends with its zero, within what may be read <design/copy#.path>', () => {
    const { thread } = copyRig('riscv'), { hart } = thread;
    poke(thread, BUFFER, 0, '/a/b\xe9\0rest');
    expect(copyPath(thread, BUFFER)).toBe('/a/b\xe9');
    expect([copyPath(thread, narrow(thread, 6)), copyPath(thread, narrow(thread, 5)), copyPath(thread, 0)]).toEqual(['/a/b\xe9', EFAULT, EFAULT]);
    poke(thread, BUFFER, 0, 'x'.repeat(1023) + '\0');
    expect(copyPath(thread, BUFFER)).toBe('x'.repeat(1023));
    poke(thread, BUFFER, 1023, 'x\0');
    expect(copyPath(thread, BUFFER)).toBe(ENAMETOOLONG);
    expect(copyPath(thread, narrow(thread, 1000))).toBe(EFAULT);
    andPerm(hart, TEMP, BUFFER, riscv.perm.all & ~riscv.perm.load);
    expect(copyPath(thread, TEMP)).toBe(EFAULT);
    sealEntry(hart, TEMP, ROOT);
    expect(copyPath(thread, TEMP)).toBe(EFAULT);
    poke(thread, BUFFER, 20, 'moved\0');
    slotWrite(hart, TEMP, { ...slotRead(hart, BUFFER), lo: slotRead(hart, BUFFER).lo + 20n });
    expect(copyPath(thread, TEMP)).toBe('moved');
  });
});
