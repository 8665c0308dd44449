import { describe, expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { PageSIZE, type Hart } from '../../../code/machine/machine.ts';
import { ECHILD, EINTR, EINVAL, ESRCH } from '../../../code/os/errno.ts';
import { kill, sigqueue } from '../../../code/os/kill.ts';
import { abort } from '../../../code/os/proc/abort.ts';
import {
  InitPID, statusWord, waitpid, wCoreDump, WCONTINUED, wexitStatus, wifContinued, wifExited, wifSignaled, wifStopped, WNOHANG, wstopSig, wtermSig,
  WUNTRACED,
} from '../../../code/os/proc/family.ts';
import { fork } from '../../../code/os/proc/fork.ts';
import { psText } from '../../../code/os/proc/views.ts';
import {
  CLD_EXITED, CLD_KILLED, SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SIG_BLOCK, SIG_DFL, SIG_IGN, SIGABRT, SIGCHLD, SIGCONT, SIGKILL, SIGSEGV, SIGSTOP, SIGTERM, SIGUSR1,
  sigSet, SigSetEMPTY, sigSetHas, type SigAction,
} from '../../../code/os/signal.ts';
import { sigpending } from '../../../code/os/sigwait.ts';
import type { Kernel } from '../../../code/os/kernel.ts';
import type { Thread, ThreadBody } from '../../../code/os/thread.ts';
import { ProtREAD } from '../../../code/os/vm/mman.ts';
import { IpcCREAT } from '../../../code/os/vm/shm.ts';
import { seeds } from '../../seed.ts';
import { pages, play, start, system } from './rig.ts';

const ending = (code: number): ThreadBody => function* (_t, thread) { thread.process.exit(code); };

/** lasting -- a child that does nothing until it is ended. */
const lasting: ThreadBody = function* () { yield { what: 'nothing', ready: () => false, channels: [] }; };

const action = (handler: SigAction['handler'], flags: number = 0): SigAction => ({ handler, mask: SigSetEMPTY, flags });

describe('words', () => {
  test('each says what has become of a process, and one thing only <design/process#.wait.word>', () => {
    const kinds = (word: number): boolean[] => [wifExited(word), wifSignaled(word), wifStopped(word), wifContinued(word)];
    expect(kinds(statusWord({ exit: 0x1ff }))).toEqual([true, false, false, false]);
    expect(wexitStatus(statusWord({ exit: 0x1ff }))).toBe(0xff);
    for (const core of [true, false]) {
      const word = statusWord({ signal: SIGSEGV, report: '', core });
      expect([kinds(word), wtermSig(word), wCoreDump(word)]).toEqual([[false, true, false, false], SIGSEGV, core]);
    }
  });
});

describe('waitpid', () => {
  test('any child, one child, and none <design/process#.wait>', () => {
    const kernel = system(), into = { word: -1 };
    play(kernel, function* (_t, thread) {
      expect([yield* waitpid(thread, -1), yield* waitpid(thread, 7), yield* waitpid(thread, -1, 64)]).toEqual([-ECHILD, -ECHILD, -EINVAL]);
      const one = yield* fork(thread, ending(1)), two = yield* fork(thread, lasting);
      expect([yield* waitpid(thread, two, WNOHANG, into), into.word]).toEqual([0, -1]);
      expect([yield* waitpid(thread, -1, 0, into), wexitStatus(into.word)]).toEqual([one, 1]);
      expect([yield* waitpid(thread, one), yield* waitpid(thread, -2), yield* waitpid(thread, 0, WNOHANG)]).toEqual([-ECHILD, -ECHILD, 0]);
      expect(kill(kernel, two, SIGTERM)).toBe(0);
      expect([yield* waitpid(thread, two, 0, into), wifSignaled(into.word), wtermSig(into.word)]).toEqual([two, true, SIGTERM]);
      expect([kernel.find(one), kernel.find(two), thread.process.children.size]).toEqual([null, null, 0]);
    });
  });

  test('a child that stops and goes on is told of once, to who asks for it <design/process#.wait>', () => {
    const kernel = system(), into = { word: 0 };
    play(kernel, function* (_t, thread) {
      const child = yield* fork(thread, lasting);
      yield undefined;
      kill(kernel, child, SIGSTOP);
      expect([yield* waitpid(thread, child, WUNTRACED, into), wifStopped(into.word), wstopSig(into.word)]).toEqual([child, true, SIGSTOP]);
      expect(yield* waitpid(thread, child, WUNTRACED | WNOHANG)).toBe(0);
      kill(kernel, child, SIGCONT);
      expect(yield* waitpid(thread, child, WUNTRACED | WNOHANG)).toBe(0);
      expect([yield* waitpid(thread, child, WCONTINUED, into), wifContinued(into.word)]).toEqual([child, true]);
      expect(yield* waitpid(thread, child, WCONTINUED | WNOHANG)).toBe(0);
      kill(kernel, child, SIGKILL);
      expect(yield* waitpid(thread, child)).toBe(child);
    });
  });

  test('a handler without SA_RESTART ends the wait, with it the wait begins anew <design/process#.wait>', () => {
    for (const [flags, result] of [[0, -EINTR], [2, 3]]) {
      const kernel = system();
      let got = 0;
      play(kernel, function* (t, thread) {
        pages(thread, 5);
        thread.process.sigaction(SIGUSR1, action(function* () { /* Nothing. */ }, flags));
        const child = yield* fork(thread, function* (_c, self) {
          for (let turn = 0; turn < 4; turn++) yield undefined;
          thread.process.kill(SIGUSR1);
          for (let turn = 0; turn < 4; turn++) yield undefined;
          self.process.exit(0);
        });
        expect([child, t.top]).toEqual([3, t.top]);
        got = yield* waitpid(thread, -1);
      });
      expect(got).toBe(result);
    }
  });
});

describe('SIGCHLD that waits', () => {
  test('does not when all has been said of the children, in FreeBSD; in Linux it does <design/process#.wait.sigchld>', () => {
    for (const abi of ['cheribsd', 'pcuabi'] as const) {
      const kernel = system({ abi }), waits: boolean[] = [];
      play(kernel, function* (_t, thread) {
        const { process } = thread;
        thread.sigprocmask(SIG_BLOCK, sigSet(SIGCHLD));
        process.sigaction(SIGCHLD, action(function* () { /* Nothing. */ }));
        const note = (pid: number): number => {
          waits.push(sigSetHas(sigpending(thread), SIGCHLD));
          return pid;
        };
        const one = yield* fork(thread, ending(1)), two = yield* fork(thread, ending(2)), three = yield* fork(thread, lasting);
        yield { what: 'the children', ready: () => kernel.find(one)?.isOver === true && kernel.find(two)?.isOver === true };
        expect(note(yield* waitpid(thread, three, WNOHANG))).toBe(0);
        expect(note(yield* waitpid(thread, one))).toBe(one);
        expect(note(yield* waitpid(thread, two))).toBe(two);
        kill(kernel, three, SIGSTOP);
        expect(note(yield* waitpid(thread, three, WUNTRACED))).toBe(three);
        kill(kernel, three, SIGCONT);
        yield* fork(thread, ending(4));
        expect(note(yield* waitpid(thread, -1))).toBe(6);
        expect(note(yield* waitpid(thread, three, WCONTINUED))).toBe(three);
        kill(kernel, three, SIGKILL);
        expect(note(yield* waitpid(thread, three))).toBe(three);
      });
      expect([abi, waits]).toEqual([abi, abi === 'cheribsd' ? [true, true, false, false, true, false, false] : Array(7).fill(true)]);
    }
  });
});

describe('the end of a process', () => {
  test.each([0, SA_NOCLDSTOP])('the parent is sent SIGCHLD with what has become of the child <design/process#.sigchld> flags=%i', (flags) => {
    const kernel = system(), told: unknown[] = [];
    play(kernel, function* (_t, thread) {
      thread.process.sigaction(SIGCHLD, action(function* (signal, info) { told.push([signal, info?.code, info?.pid, info?.status]); }, SA_SIGINFO | 2 | flags));
      for (const body of [ending(300), lasting]) {
        const child = yield* fork(thread, body);
        if (body === lasting) kill(kernel, child, SIGTERM);
        expect(yield* waitpid(thread, child)).toBe(child);
        yield undefined;
      }
    });
    expect(told).toEqual([[SIGCHLD, CLD_EXITED, 3, 300 & 0xff], [SIGCHLD, CLD_KILLED, 4, SIGTERM]]);
  });

  test('a parent that does not care has no zombies, and its wait ends when there are no children left <design/process#.zombie>', () => {
    for (const careless of [action(SIG_IGN), action(SIG_DFL, SA_NOCLDWAIT)]) {
      const kernel = system();
      let waited = 0;
      play(kernel, function* (_t, thread) {
        thread.process.sigaction(SIGCHLD, careless);
        yield* fork(thread, ending(1));
        yield* fork(thread, ending(2));
        waited = yield* waitpid(thread, -1);
        expect(kernel.processes.size).toBe(1);
      });
      expect(waited).toBe(-ECHILD);
    }
  });

  test('it is a zombie until it is waited for: a number, a status, and no memory <design/process#.over>', () => {
    const kernel = system();
    play(kernel, function* (_t, thread) {
      const child = yield* fork(thread, function* (_c, self) {
        pages(self, 5, 8);
        for (let page = 0; page < 8; page++) self.hart.store32(5, page * 4096, 1);
        self.process.exit(2);
      });
      while (kernel.find(child)?.isOver !== true) yield undefined;
      const zombie = kernel.find(child);
      expect([zombie?.status, zombie?.map.entries(), zombie?.kill(SIGTERM)]).toEqual([{ exit: 2 }, [], 0]);
      // It is there, and takes nothing <design/signal#.send>.
      expect([kill(kernel, child, 0), zombie?.kill(0), kill(kernel, child, SIGTERM), zombie?.status]).toEqual([0, 0, 0, { exit: 2 }]);
      expect(yield* waitpid(thread, -1)).toBe(child);
      expect([kernel.find(child), kill(kernel, child, 0), zombie?.kill(0)]).toEqual([null, ESRCH, ESRCH]);
    });
  });

  test('all memory is given back when the last thread has left, of every thread and however it ends <design/process#.over>', () => {
    for (const end of ['exit', 'return', 'kill', 'fault'] as const) {
      const kernel = system(), free = kernel.frames.available;
      const process = start(kernel, 'first', function* (t, thread) {
        pages(thread, 5, 4);
        for (let page = 0; page < 4; page++) t.store32(5, page * 4096, 1);
        thread.process.spawn('second', lasting);
        yield undefined;
        if (end === 'exit') thread.process.exit(0);
        else if (end === 'kill') thread.process.kill(SIGKILL);
        else if (end === 'fault') t.load32(9, 0);
        else thread.process.exit(1);
      });
      kernel.run();
      expect([process.isOver, process.map.entries(), kernel.frames.available, kernel.processes.size]).toEqual([true, [], free, 0]);
    }
  });

  test('orphans are the kernel\'s, which waits for those that are over, at once or later <design/process#.orphan>', () => {
    const kernel = system(), log: unknown[] = [];
    play(kernel, function* (_t, thread) {
      const middle = yield* fork(thread, function* (_m, self) {
        yield* fork(self, ending(1));
        yield* fork(self, function* (_c, last) {
          while (last.process.parentPid !== InitPID) yield undefined;
          log.push(last.process.parentPid, last.process.parent);
        });
        while (kernel.find(4)?.isOver !== true) yield undefined;
        self.process.exit(0);
      });
      expect(yield* waitpid(thread, middle)).toBe(middle);
      expect([kernel.find(4), yield* waitpid(thread, -1)]).toEqual([null, -ECHILD]);
    });
    expect([log, kernel.processes.size]).toEqual([[InitPID, null], 0]);
  });

  test('abort ends it whatever a handler does, and whether SIGABRT is blocked or ignored <design/process#.abort>', () => {
    for (const stepped of [false, true]) {
      for (const how of [SIG_DFL, SIG_IGN, 'handler'] as const) {
        const kernel = system();
        let handled = 0;
        const process = start(kernel, 'first', function* (t, thread) {
          pages(thread, t.local());
          const handler = how === 'handler' ? function* () { handled += 1; } : how;
          thread.process.sigaction(SIGABRT, action(handler));
          thread.sigprocmask(1, { low: -1, high: -1 });
          yield* abort(thread);
        }, stepped);
        kernel.run();
        expect([process.status, handled]).toEqual([expect.objectContaining({ signal: SIGABRT }), how === 'handler' ? 1 : 0]);
      }
    }
  });
});

// Trees ---------------------------------------------------------------------------------------------------------------

/** A process of the naive model. */
interface Node {
  parent: number;
  state: 'alive' | 'zombie' | 'gone';
}

/** tree -- a random history of processes that fork, exit, wait and kill, against a model; the lines of ps at its end, and how often what
 * happened. */
function tree(seed: number, driver: 'fast' | 'explored'): { counts: Record<string, number>; text: string[] } {
  const kernel = system({ seed, driver }), draw = random(seed), model = new Map<number, Node>(), dying = new Set<number>();
  const counts = { fork: 0, exit: 0, wait: 0, childless: 0, nothing: 0, kill: 0, orphan: 0 };
  let text: string[] = [], steps = 0;

  const over = (pid: number): void => {
    const node = model.get(pid) as Node;
    node.state = node.parent === InitPID ? 'gone' : 'zombie';
    for (const child of model.values()) {
      if (child.parent !== pid || child.state === 'gone') continue;
      counts.orphan += 1;
      child.parent = InitPID;
      if (child.state === 'zombie') child.state = 'gone';
    }
  };
  /** Whoever has been killed ends when it runs next. */
  const check = (): void => {
    for (const pid of dying) if (kernel.find(pid)?.isOver !== false && dying.delete(pid)) over(pid);
    const living = [...model].filter(([, { state }]) => state !== 'gone');
    expect([...kernel.processes.values()].map(({ pid, parentPid, isOver }) => [pid, parentPid, isOver]))
      .toEqual(living.map(([pid, { parent, state }]) => [pid, parent, state === 'zombie']));
  };
  const body = function* (_t: unknown, thread: Thread): ReturnType<ThreadBody> {
    const { process } = thread, { pid } = process;
    for (;;) {
      check();
      steps += 1;
      if (steps === 200) text = psText(kernel);
      const choice = draw(100), children = [...model].filter(([, { parent, state }]) => parent === pid && state !== 'gone');
      if (choice < 35 && model.size < 80 && steps < 600) {
        counts.fork += 1;
        model.set(model.size + 2, { parent: pid, state: 'alive' });
        yield* fork(thread, body);
      } else if (choice < 60) {
        const got = yield* waitpid(thread, -1, WNOHANG), zombie = children.find(([, { state }]) => state === 'zombie');
        expect(got).toBe(children.length === 0 ? -ECHILD : zombie === undefined ? 0 : zombie[0]);
        counts[got === 0 ? 'nothing' : got > 0 ? 'wait' : 'childless'] += 1;
        if (got > 0) (model.get(got) as Node).state = 'gone';
      } else if (choice < 75 || steps >= 600) {
        counts.exit += 1;
        over(pid);
        process.exit(0);
      } else if (choice < 80) {
        const all = [...model.keys()].filter((other) => other !== pid), victim = all.at(draw(Math.max(1, all.length)));
        if (victim !== undefined && kernel.find(victim)?.status === null) {
          counts.kill += 1;
          expect(kill(kernel, victim, SIGKILL)).toBe(0);
          dying.add(victim);
        }
      }
      yield undefined;
    }
  };
  model.set(2, { parent: InitPID, state: 'alive' });
  const free = kernel.frames.available;
  start(kernel, 'tree', body);
  kernel.run();
  expect([kernel.processes.size, kernel.frames.available]).toEqual([0, free]);
  return { counts, text };
}

describe('trees of processes', () => {
  test('random histories agree with a model, and give everything back <design/process#.inv.tree>', () => {
    const total: Record<string, number> = {};
    for (const seed of seeds(15)) {
      const { counts } = tree(seed, seed % 3 === 0 ? 'explored' : 'fast');
      for (const [what, count] of Object.entries(counts)) total[what] = (total[what] ?? 0) + count;
    }
    for (const what of ['fork', 'exit', 'wait', 'childless', 'nothing', 'kill', 'orphan']) {
      expect(total[what], `weak run: ${JSON.stringify(total)}`).toBeGreaterThan(process.env['SEED'] === undefined ? 40 : 0);
    }
  });

  test('one seed, one ps <design/process#.inv.tree>', () => {
    const texts = seeds(5).map((seed) => [tree(seed, 'fast').text, tree(seed, 'fast').text]);
    for (const [one, other] of texts) expect(one).toEqual(other);
    expect(texts.some(([one]) => one.length > 3)).toBe(true);
  });
});

test('init is there, and takes nothing <design/process#.def.init>', () => {
  const kernel = system();
  play(kernel, function* (_t, thread) {
    const { parentPid } = thread.process, signals = [0, SIGTERM, SIGKILL, 999];
    expect(signals.map((signal) => kill(kernel, parentPid, signal))).toEqual([0, 0, 0, EINVAL]);
    expect(signals.map((signal) => sigqueue(kernel, parentPid, signal, 1))).toEqual([0, 0, 0, EINVAL]);
    expect([parentPid, kernel.find(parentPid), kill(kernel, -1, 0)]).toEqual([InitPID, null, ESRCH]);
  });
});

test('a kernel finds its processes by number, from 2 on <design/process#.pid>', () => {
  const kernel: Kernel = system(), one = kernel.process('one', true), two = kernel.process('two', true);
  expect([one.pid, two.pid, kernel.find(2), kernel.find(InitPID), one.parentPid]).toEqual([2, 3, one, null, InitPID]);
  one.terminate({ exit: 0 });
  expect([one.isOver, kernel.find(2), kernel.process('three').pid]).toEqual([true, null, 4]);
});

test('a process that the host keeps has its memory when it is over, and another has not <design/process#.over>', () => {
  const kernel = system(), kept = kernel.process('kept', true), other = kernel.process('other');
  for (const one of [kept, other]) {
    expect(one.map.reserve(PageSIZE, ProtREAD, ProtREAD)).not.toBeNull();
    one.terminate({ exit: 0 });
  }
  expect([kept.isOver, kept.map.entries().length, other.isOver, other.map.entries().length]).toEqual([true, 1, true, 0]);
});

test('processes that know its key have one segment before them, until it is removed and nobody has it <design/mman#.shm>', () => {
  const kernel = system(), key = 42, { available } = kernel.frames;
  const attach = (t: Hart, { process }: Thread): void => {
    const segment = kernel.segments.find(kernel.segments.get(key, PageSIZE, IpcCREAT));
    expect(process.map.shmat(t, 5, segment!, 0, 0)).toBe(0);
  };
  let read = 0;
  start(kernel, 'writer', function* (t, thread) {
    attach(t, thread);
    t.store32(5, 16, 7);
    while (read === 0) yield;
  });
  start(kernel, 'reader', function* (t, thread) {
    attach(t, thread);
    for (; read === 0; yield) read = t.load32(5, 16);
  });
  kernel.run();
  expect([read, kernel.segments.remove(kernel.segments.get(key, 0, 0))]).toEqual([7, 0]);
  expect(kernel.frames.available).toBe(available);
});
