/* os-rig.ts: A SYSTEM TO TRY
 *
 * A kernel of either system with one process, and a program in it that the test is: it makes calls, and accesses that may be signals.
 */
import { expect } from 'vitest';
import {
  addrOf, andPerm, clearTag, formatOf, Memory, PageSIZE, setAddress, setBounds, slotRead, slotWrite, WindowHIGH, type Format, type Hart,
  type PermBits,
} from '../../../code/machine/machine.ts';
import { errnoName } from '../../../code/os/errno.ts';
import { O_CREAT, O_RDWR } from '../../../code/os/fs/flags.ts';
import { jump, jumpCatch, type JumpPoint } from '../../../code/os/jump.ts';
import { Kernel } from '../../../code/os/kernel.ts';
import type { Process } from '../../../code/os/process.ts';
import {
  codeName, SA_ONSTACK, SA_SIGINFO, SIGBUS, signalName, SigSetEMPTY, SIGPROT, SIGSEGV, type SigHandler,
} from '../../../code/os/signal.ts';
import type { Thread, ThreadRun, Yielded } from '../../../code/os/thread.ts';
import { Frames } from '../../../code/os/vm/frames.ts';
import type { Wait } from '../../../code/os/wait.ts';
import { AP, NULL, RW, type System } from './rig.ts';

/** A part of a program, with its result. */
export type Part<T> = Generator<Yielded, T, unknown>;
/** A call that may wait. */
export type Call = Generator<Wait, number, unknown>;

/** kernel -- a kernel of a system. */
export function kernelOf({ abi, format }: System, seed: number = 1, size: number = 0x80_0000): Kernel {
  const memory = new Memory(size);
  return new Kernel({ memory, frames: new Frames(memory, PageSIZE, size - PageSIZE), seed, abi, format });
}

/** A program that runs. */
export class Program {
  readonly process: Process;
  readonly thread: Thread;
  readonly hart: Hart;
  readonly format: Format;
  /** Where an access that is a signal is gone back from. */
  private point: JumpPoint | null = null;
  private seen: string = '';
  /** The low word of si_addr, of the last one. */
  addr: number = 0;

  constructor(thread: Thread) {
    this.thread = thread;
    this.process = thread.process;
    this.hart = thread.hart;
    this.format = formatOf(thread.hart);
  }

  // Accesses ---------------------------------------------------------------------------------------------------------

  /** told -- what becomes of accesses: 'ok', or signal and code. */
  *told(access: () => void): Part<string> {
    const { process } = this;
    const handler = this.handler();
    for (const signal of [SIGSEGV, SIGPROT, SIGBUS]) process.sigaction(signal, { handler, mask: SigSetEMPTY, flags: SA_SIGINFO | SA_ONSTACK });
    this.seen = 'ok';
    yield* jumpCatch(this.thread, function* (this: Program, point: JumpPoint): ThreadRun {
      this.point = point;
      access();
    }.bind(this));
    return this.seen;
  }

  private handler(): SigHandler {
    const { abi } = this.process.kernel.profile;
    return function* (this: Program, signal: number, info: Parameters<SigHandler>[1]): ThreadRun {
      this.seen = `${signalName(signal)} ${codeName(signal, info?.code ?? 0, abi)}`;
      this.addr = info?.low ?? 0;
      if (this.point === null) throw new Error(`${this.seen} out of place`);
      jump(this.point);
    }.bind(this);
  }

  // Memory -----------------------------------------------------------------------------------------------------------

  slot(): number {
    return this.hart.local();
  }

  int(low: number): number {
    const slot = this.slot();
    this.hart.set(slot, low | 0, WindowHIGH, 0, 0);
    return slot;
  }

  /** live -- fresh memory, or a descriptor's, in a slot of its own. */
  live(length: number, prot: number = RW, flags: number = AP, fd: number = -1): number {
    const slot = this.slot();
    expect(errnoName(this.process.mmap(this.hart, slot, NULL, length, prot, flags, fd))).toBe('0');
    return slot;
  }

  copy(src: number): number {
    const slot = this.slot();
    this.hart.move(slot, src);
    return slot;
  }

  on(src: number, bytes: number): number {
    const slot = this.slot();
    setAddress(this.hart, slot, src, addrOf(this.hart, src) + bytes);
    return slot;
  }

  narrow(src: number, from: number, length: number): number {
    const slot = this.on(src, from);
    setBounds(this.hart, slot, slot, length);
    return slot;
  }

  stripped(src: number): number {
    const slot = this.slot();
    clearTag(this.hart, slot, src);
    return slot;
  }

  without(src: number, ...names: (keyof PermBits)[]): number {
    const slot = this.slot();
    andPerm(this.hart, slot, src, this.format.perm.all & ~names.reduce((bits, name) => bits | this.format.perm[name], 0));
    return slot;
  }

  low(slot: number): number {
    return this.hart.r[slot * 8] >>> 0;
  }

  /** perms -- the names of a slot's permissions. */
  perms(slot: number): string[] {
    const { perm } = this.format, bits = this.format.perms(slotRead(this.hart, slot));
    return (Object.keys(perm) as (keyof PermBits)[]).filter((name) => name !== 'all' && perm[name] !== 0 && (bits & perm[name]) !== 0).sort();
  }

  /** write -- bytes into memory. */
  write(slot: number, offset: number, bytes: readonly number[]): void {
    for (const [index, byte] of bytes.entries()) this.hart.store8(slot, offset + index, byte);
  }

  read(slot: number, offset: number, length: number): number[] {
    return Array.from({ length }, (_, index) => this.hart.load8(slot, offset + index));
  }

  /** text -- a string in memory of its own, as a capability for it alone. */
  text(text: string): number {
    const slot = this.live(PageSIZE);
    this.write(slot, 0, [...new TextEncoder().encode(text), 0]);
    return this.narrow(slot, 0, text.length + 1);
  }

  // Files ------------------------------------------------------------------------------------------------------------

  /** open -- a descriptor; negative errors fail. */
  open(path: string, flags: number = O_RDWR | O_CREAT): number {
    const fd = this.process.files.open(this.thread, this.text(path), flags);
    expect(fd).toBeGreaterThanOrEqual(0);
    return fd;
  }

  /** pair -- the two descriptors that a call writes to a slot. */
  pair(call: (slot: number) => number): [number, number] {
    const slot = this.live(PageSIZE);
    expect(errnoName(call(slot))).toBe('0');
    return [this.hart.load32(slot, 0), this.hart.load32(slot, 4)];
  }

  /** give -- what a call comes to: a count, or the name of an error. */
  *give(call: Call): Part<number | string> {
    return nameOf(yield* call);
  }

  /** copied -- write so many bytes of one slot to a descriptor, and read them into another from a second. */
  *copied(from: number, to: number, out: number, into: number, length: number): Part<void> {
    const { files } = this.process;
    expect(yield* files.write(this.thread, to, from, length)).toBe(length);
    expect(yield* files.read(this.thread, out, into, length)).toBe(length);
  }
}

/** nameOf -- a count as it is, an error that is negated by its name. */
export const nameOf = (result: number): number | string => (result < 0 ? errnoName(-result) : result);

/** inProcess -- run a program to its end. */
export function inProcess(
  system: System, body: (program: Program) => Part<void>, { seed = 1, ...options }: { seed?: number; slots?: number; stackSize?: number } = {},
): Kernel {
  const kernel = kernelOf(system, seed), process = kernel.process('test');
  let isOver = false;
  const run = function* (_hart: Hart, thread: Thread): ThreadRun {
    yield* body(new Program(thread));
    isOver = true;
  };
  expect(process.spawn('main', run, { slots: 512, ...options })).not.toBe(null);
  kernel.run();
  expect([isOver, process.status]).toEqual([true, { exit: 0 }]);
  return kernel;
}

/** putRoot -- all authority there is, at an address: what no program has. */
export function putRoot({ hart, format }: Program, low: number): number {
  const slot = hart.local();
  slotWrite(hart, slot, format.rootAt((BigInt(WindowHIGH) << 32n) + BigInt(low)));
  return slot;
}
