/* scenarios-stack.test.ts: STACKS THAT ARE TOO SMALL
 *
 * The first stack of a program, which grows until it may not; and a worker that runs off its stack while a handler on an alternate stack is
 * there to say so, with its manager to hear of it, and with a collector's handler in front of it in the chain.
 */
import { describe, expect, test } from 'vitest';
import { addrOf, incOffset, lengthOf, PageSIZE, setBounds, slotRead, type Hart } from '../../../code/machine/machine.ts';
import { jump, jumpCatch } from '../../../code/os/jump.ts';
import type { Kernel } from '../../../code/os/kernel.ts';
import { execute, type Program as Executable } from '../../../code/os/proc/exec.ts';
import { waitpid } from '../../../code/os/proc/family.ts';
import { fork } from '../../../code/os/proc/fork.ts';
import { StackSLOT } from '../../../code/os/proc/registers.ts';
import { RLIMIT_STACK } from '../../../code/os/proc/limits.ts';
import {
  codeName, SA_NODEFER, SA_ONSTACK, SA_SIGINFO, SIG_DFL, SIGABRT, SIGBUS, signalName, SigSetEMPTY, SIGPROT, SIGSEGV, type SigHandler,
} from '../../../code/os/signal.ts';
import type { SigContext, SigInfo } from '../../../code/os/sigframe.ts';
import type { Process } from '../../../code/os/process.ts';
import { stepStore8 } from '../../../code/os/step.ts';
import type { Thread, ThreadRun } from '../../../code/os/thread.ts';
import { MapANON, MapSHARED } from '../../../code/os/vm/mman.ts';
import { grant } from '../grant.ts';
import { inProcess, kernelOf, Program, type Part } from './os-rig.ts';
import { both, bsd, linux, nameOf, RW, type System } from './rig.ts';
import { seeds } from '../../seed.ts';

const KIB = 1024;
/** What a worker has, and what the machine's hart must have to fill it. */
const STACK: number = 128 * KIB;
const SLOTS: number = 2 * STACK / 16 + 64;

const named = (systems: readonly System[]): (readonly [string, System])[] => systems.map((system) => [nameOf(system), system] as const);
const isLinux = ({ kernel }: Process): boolean => kernel.profile.abi === 'pcuabi';

describe('13 the first stack', () => {
  /** begun -- a program that has a stack of so many bytes. */
  function begun(system: System, size: number, body: (p: Program) => Part<void>): Kernel {
    const kernel = kernelOf(system), process = kernel.process('init');
    let isOver = false;
    const program: Executable = { name: 'p', text: PageSIZE, data: PageSIZE, bss: 0, *main(_hart, thread) {
      yield* body(new Program(thread));
      isOver = true;
      return 0;
    } };
    expect(process.setrlimit(RLIMIT_STACK, { soft: size, hard: size })).toBe(0);
    expect(execute(process, program, ['p'])).toBeTypeOf('object');
    kernel.run();
    expect([isOver, process.status]).toEqual([true, { exit: 0 }]);
    return kernel;
  }

  const size: number = 256 * KIB;
  /** The lowest address of the stack, as an offset from csp. */
  const bottom = ({ hart, format }: Program): number => Number(format.bounds(slotRead(hart, StackSLOT)).base) - addrOf(hart, StackSLOT);

  test.each(named(both))('%s: grows to the end of its reservation, and one page more is a signal on the alternate stack <design/exec#.start>', (_, system) => {
    begun(system, size, function* (p) {
      const low = bottom(p), alt = p.live(4 * PageSIZE);
      expect(p.thread.sigaltstack(alt, 4 * PageSIZE)).toBe(0);
      for (let offset = -PageSIZE; offset > low; offset -= PageSIZE) p.hart.store8(StackSLOT, offset, 1);
      p.hart.store8(StackSLOT, low, 1);
      expect(lengthOf(p.hart, StackSLOT)).toBe(size);
      expect(yield* p.told(() => {
        p.hart.store8(StackSLOT, low - 1, 1);
      })).toBe(isLinux(p.process) ? 'SIGSEGV SEGV_CAPBOUNDSERR' : 'SIGPROT PROT_CHERI_BOUNDS');
    });
  });

  test.each(named(both))('%s: grows no further than RLIMIT_STACK, which may be lowered and raised <design/limits#.stack>', (_, system) => {
    begun(system, size, function* (p) {
      const low = bottom(p), { process } = p, alt = p.live(4 * PageSIZE);
      expect(p.thread.sigaltstack(alt, 4 * PageSIZE)).toBe(0);
      expect(process.setrlimit(RLIMIT_STACK, { soft: 192 * KIB, hard: size })).toBe(0);
      const beyond = (): void => {
        p.hart.store8(StackSLOT, low + 32 * KIB, 1);
      };
      p.hart.store8(StackSLOT, low + 96 * KIB, 1);
      expect(yield* p.told(beyond)).toBe(isLinux(process) ? 'SIGSEGV SEGV_MAPERR' : 'SIGSEGV SEGV_ACCERR');
      expect(process.setrlimit(RLIMIT_STACK, { soft: size, hard: size })).toBe(0);
      expect(yield* p.told(beyond)).toBe('ok');
    });
  });

  test.each(named(both))('%s: nothing else is ever placed where it may grow <design/reservation#.inv.apart>', (_, system) => {
    begun(system, size, function* (p) {
      const from = p.low(StackSLOT) + bottom(p);
      for (let count = 0; count < 200; ++count) {
        const low = p.low(p.live(PageSIZE));
        p.hart.leave(p.hart.top - 1);
        expect(low + PageSIZE <= from || low >= from + size).toBe(true);
      }
      yield;
    });
  });
});

// A worker and its manager --------------------------------------------------------------------------------------------

/** What a server does when it panics: where it says why, and which signals it catches. */
interface Server {
  /** A slot, of every hart of the server: shared memory that the manager reads. */
  readonly heritage: number;
  readonly signals: readonly number[];
  /** The server's threads that have panicked, in order. */
  readonly panics: string[];
}

/** isOverflow -- by the capability: it is the stack's own, and the address is below what the stack has. */
function isOverflow(thread: Thread, context: SigContext): boolean {
  if (context.access === null) return false;
  const { hart } = thread, authority = hart.local();
  context.load(authority, context.slot);
  return lengthOf(hart, authority) >= thread.stackLimit - thread.stackBase && (context.low >>> 0) < thread.stackBase;
}

/** handler -- says what has happened, and aborts; a second thread says so, and leaves it at that. */
const handlerOf = (server: Server): SigHandler => function* (signal: number, info: SigInfo | null, context: SigContext | null, thread: Thread): ThreadRun {
  const { hart, process } = thread;
  if (info === null || context === null) throw new Error('no views');
  const { abi } = process.kernel.profile, isFirst = server.panics.length === 0, word = isOverflow(thread, context) ? 'STACK OVERFLOW ' : '';
  const text = `${word}${signalName(signal)} ${codeName(signal, info.code, abi)}`;
  server.panics.push(`${thread.isOnAltStack ? '' : 'on its own stack: '}${text}`);
  if (!isFirst) {
    yield { what: 'the end', ready: () => false };
  }
  for (const [index, byte] of [...new TextEncoder().encode(`${text}\0`)].entries()) hart.store8(server.heritage, index, byte);
  yield;
  process.sigaction(SIGABRT, { handler: SIG_DFL, mask: SigSetEMPTY, flags: 0 });
  thread.kill(SIGABRT);
};

/** armed -- a thread of the server, with an alternate stack. */
function armed(thread: Thread): Program {
  const p = new Program(thread), alt = p.live(8 * PageSIZE);
  expect(thread.sigaltstack(alt, 8 * PageSIZE)).toBe(0);
  return p;
}

/** descend -- touch 128 KiB of stack downwards, a KiB at a time. */
function descend(hart: Hart): void {
  for (let bytes = 0; bytes <= STACK; bytes += KIB) hart.enter(KIB / 16);
}

/** What a manager sees: how its worker has ended, and what it said. */
interface Seen {
  word: number;
  panic: string;
  panics: string[];
}

/** managed -- run a server whose worker does something; the manager waits, and reads the text. */
function managed(system: System, signals: readonly number[], work: (p: Program, server: Server) => Part<void>, seed: number = 1): Seen {
  const seen: Seen = { word: -1, panic: '', panics: [] };
  inProcess(system, function* (p) {
    const heritage = p.live(PageSIZE, RW, MapANON | MapSHARED), server: Server = { heritage, signals, panics: seen.panics };
    const pid = yield* fork(p.thread, function* (hart, thread): ThreadRun {
      const handler = handlerOf(server);
      for (const signal of signals) thread.process.sigaction(signal, { handler, mask: SigSetEMPTY, flags: SA_SIGINFO | SA_ONSTACK });
      const worker = thread.process.spawn('worker', function* (own, self) {
        own.enter(heritage - own.top + 1);
        own.move(heritage, 10);
        yield* work(armed(self), server);
      }, { stackSize: STACK, slots: SLOTS, argument: { hart, slot: heritage } });
      expect(worker).not.toBe(null);
      yield { what: 'the worker', ready: () => worker?.state === 'done' };
    });
    const status = { word: 0 };
    expect(yield* waitpid(p.thread, pid, 0, status)).toBe(pid);
    seen.word = status.word;
    const bytes = p.read(heritage, 0, 100);
    seen.panic = new TextDecoder().decode(Uint8Array.from(bytes.slice(0, bytes.indexOf(0))));
  }, { seed });
  return seen;
}

/** What the server catches as it was written, and as it must be ported. */
const CAUGHT: readonly number[] = [SIGSEGV, SIGBUS, SIGABRT];
const PORTED: readonly number[] = [...CAUGHT, SIGPROT];
/** The signal in the word that waitpid gives, and that there is a core. */
const ended = (word: number): [number, boolean] => [word & 0x7f, (word & 0x80) !== 0];

describe('23 a worker runs off its stack', () => {
  const overflow = function* (p: Program): Part<void> {
    descend(p.hart);
    yield;
  };

  test.each(named(linux))('%s: it hits the guard page, and says so <design/thread#.inv.depth>', (_, system) => {
    const { panic, word, panics } = managed(system, CAUGHT, overflow);
    expect([panic, panics, ended(word)]).toEqual(['STACK OVERFLOW SIGSEGV SEGV_ACCERR', [panic], [SIGABRT, true]]);
  });

  test.each(named(bsd))('%s: unmodified it dies of SIGPROT without a word <design/thread#.inv.depth>', (_, system) => {
    const { panic, word, panics } = managed(system, CAUGHT, overflow);
    expect([panic, panics, ended(word)]).toEqual(['', [], [SIGPROT, true]]);
  });

  test.each(named(bsd))('%s: with a handler for SIGPROT it says so <design/thread#.inv.depth>', (_, system) => {
    const { panic, word } = managed(system, PORTED, overflow);
    expect([panic, ended(word)]).toEqual(['STACK OVERFLOW SIGPROT PROT_CHERI_BOUNDS', [SIGABRT, true]]);
  });

  test.each(named(both))('%s: without an alternate stack nobody hears of it, and the process ends <design/sigframe#.full>', (_, system) => {
    const { panic, word } = managed(system, PORTED, function* (p) {
      expect(p.thread.sigaltstack(0, 0, 4)).toBe(0);
      yield* overflow(p);
    });
    expect([panic, ended(word)[0]]).toEqual(['', isLinuxOf(system) ? SIGSEGV : SIGPROT]);
  });

  test.each(named(both))('%s: an object on the stack that is overrun is not called a stack overflow <design/thread#.inv.depth>', (_, system) => {
    const { panic } = managed(system, PORTED, function* (p) {
      const { hart, thread, process } = p, object = p.slot();
      grant(process.map, hart, object, thread.stackBase | 0, RW, false);
      incOffset(hart, object, object, 8 * KIB);
      setBounds(hart, object, object, 64);
      hart.store8(object, 63, 1);
      hart.store8(object, 64, 1);
      yield;
    });
    expect(panic).toBe(isLinuxOf(system) ? 'SIGSEGV SEGV_CAPBOUNDSERR' : 'SIGPROT PROT_CHERI_BOUNDS');
  });

  test.each(named(both))('%s: with the handler off the service goes on <design/thread#.inv.stack>', (_, system) => {
    const { panic, word } = managed(system, [], function* (p) {
      for (let bytes = 0; bytes < STACK / 2; bytes += KIB) p.hart.enter(KIB / 16);
      yield;
    });
    expect([panic, word]).toEqual(['', 0]);
  });

  test.each(named(both))('%s: two threads at once: one says why, the other waits <design/thread#.inv.depth>', (_, system) => {
    const text = isLinuxOf(system) ? 'STACK OVERFLOW SIGSEGV SEGV_ACCERR' : 'STACK OVERFLOW SIGPROT PROT_CHERI_BOUNDS', counts = new Set<number>();
    // A store that is yielded: either can be cut in its handler.
    const step = function* (own: Hart, self: Thread): Part<void> {
      const slot = own.enter(1);
      grant(self.process.map, own, slot, self.stackBase | 0, RW, false);
      yield* stepStore8(slot, -1, 1);
    };
    const body = function* (p: Program, server: Server): Part<void> {
      for (const name of ['one', 'other']) {
        const thread = p.process.spawn(name, function* (own, self): ThreadRun {
          own.enter(server.heritage - own.top + 1);
          own.move(server.heritage, 10);
          armed(self);
          yield* step(own, self);
        }, { stackSize: STACK, slots: SLOTS, stepped: true, argument: { hart: p.hart, slot: server.heritage } });
        expect(thread).not.toBe(null);
      }
      yield { what: 'the end', ready: () => false };
    };
    for (const seed of seeds(10)) {
      const { panic, panics, word } = managed(system, PORTED, body, seed);
      expect([panic, panics.every((line) => line === text), ended(word)]).toEqual([text, true, [SIGABRT, true]]);
      counts.add(panics.length);
    }
    expect(counts.has(2)).toBe(true);
  });

  test.each(named(both))('%s: what may not be written is a signal that the server names <design/signal#.fault>', (_, system) => {
    const { panic } = managed(system, PORTED, function* (p) {
      const code = p.without(p.live(PageSIZE), 'store');
      p.hart.store32(code, 0, 1);
      yield;
    });
    expect(panic).toBe(isLinuxOf(system) ? 'SIGSEGV SEGV_CAPPERMERR' : 'SIGPROT PROT_CHERI_PERM');
  });
});

const isLinuxOf = ({ abi }: System): boolean => abi === 'pcuabi';

describe('a collector\'s handler in front of the server\'s', () => {
  test.each(named(both))('%s: its own faults it mends, an overflow it passes on <design/sigframe#.altstack>', (_, system) => {
    const order: string[] = [];
    inProcess(system, function* (p) {
      const { process, thread, hart } = p, page = p.live(PageSIZE), alt = p.live(8 * PageSIZE), low = p.low(page);
      expect(thread.sigaltstack(alt, 8 * PageSIZE)).toBe(0);
      const value = yield* jumpCatch(thread, function* (point): ThreadRun {
        const behind: SigHandler = function* (_signal, _info, context) {
          order.push(`server ${context !== null && isOverflow(thread, context) ? 'STACK OVERFLOW' : ''} ${thread.isOnAltStack ? 'alt' : 'own'}`);
          yield;
          jump(point, 7);
        };
        const front: SigHandler = function* (signal, info, context, self) {
          const isMine = info !== null && info.low >>> 0 >= low && info.low >>> 0 < low + PageSIZE;
          order.push(isMine ? 'mine' : 'not mine');
          if (isMine) expect(process.map.mprotect(hart, page, PageSIZE, RW)).toBe(0);
          else yield* behind(signal, info, context, self);
        };
        for (const signal of [SIGSEGV, SIGPROT]) {
          process.sigaction(signal, { handler: front, mask: SigSetEMPTY, flags: SA_SIGINFO | SA_ONSTACK | SA_NODEFER });
        }
        expect(process.map.mprotect(hart, page, PageSIZE, 0)).toBe(0);
        hart.store8(page, 0, 9);
        expect(hart.load8(page, 0)).toBe(9);
        descend(hart);
      });
      expect([value, order]).toEqual([7, ['mine', 'not mine', 'server STACK OVERFLOW alt']]);
    }, { stackSize: STACK, slots: SLOTS });
  });
});
