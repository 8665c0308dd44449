/* os-threads.ts: THREADS, SIGNALS AND PIPES, TIMED
 *
 * What threads do to each other <design/bench#.os.operations>.
 */
import { performance } from 'node:perf_hooks';
import {
  pthreadCreate, pthreadJoin, SIG_BLOCK, sigSet, SigSetEMPTY, SIGUSR1, type SigHandler, type Thread, type ThreadRun, type Yielded,
} from '../../code/os/os.ts';
import { insist, pages, since, SMALL, unmap, type OsRig } from './os-rig.ts';
import type { OsWork } from './os-work.ts';

/** Bytes that go through a pipe at a time. */
const PipeBYTES = 64;

/** A slot of the host's thread. */
const WakeSLOT = 20;

/** signalTake -- a signal that a thread sends to itself, and its handler. */
export function signalTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (_t, thread) {
    let handled = 0;
    handle(rig, function* () {
      handled += 1;
    });
    const before = performance.now();
    for (let i = 0; i < batch; i++) thread.kill(SIGUSR1);
    const each = since(before, batch);
    insist('signals', handled, batch);
    return each;
  });
}

/** signalOtherTake -- a signal from one thread to another, which waits in sigsuspend, and goes on when its handler has returned; and one back. */
export function signalOtherTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (_t, thread) {
    let handled = 0, isOver = false;
    const other = rig.spawn(function* (_o, self) {
      self.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
      while (!isOver) {
        yield* self.sigsuspend(SigSetEMPTY);
        if (!isOver) thread.kill(SIGUSR1);
      }
    });
    handle(rig, function* () {
      handled += 1;
    });
    thread.sigprocmask(SIG_BLOCK, sigSet(SIGUSR1));
    while (other.waitingFor === null) yield undefined;
    const before = performance.now();
    for (let i = 0; i < batch; i++) {
      other.kill(SIGUSR1);
      yield* thread.sigsuspend(SigSetEMPTY);
    }
    const each = since(before, 2 * batch);
    insist('signals', handled, 2 * batch);
    isOver = true;
    other.kill(SIGUSR1);
    yield* pthreadJoin(thread, other);
    return each;
  });
}

function handle({ process }: OsRig, handler: SigHandler): void {
  process.sigaction(SIGUSR1, { handler, mask: SigSetEMPTY, flags: 0 });
}

/** threadTake -- a thread that is created, ends at once, and is joined. */
export function threadTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (_t, thread) {
    let ran = 0;
    const body = function* (): ThreadRun {
      ran += 1;
    };
    const before = performance.now();
    for (let i = 0; i < batch; i++) yield* pthreadJoin(thread, pthreadCreate(rig.process, thread, body, SMALL) as Thread);
    const each = since(before, batch);
    insist('threads', ran, batch);
    return each;
  });
}

/** yieldTake -- a turn, where two threads can run. */
export function yieldTake(rig: OsRig, { batch }: OsWork): number {
  const { kernel } = rig;
  return rig.play(function* (_t, thread) {
    let isOver = false;
    const other = rig.spawn(function* () {
      while (!isOver) yield undefined;
    });
    const { now } = kernel.clock, before = performance.now();
    for (let i = 0; i < batch; i++) yield undefined;
    const each = since(before, kernel.clock.now - now);
    isOver = true;
    yield* pthreadJoin(thread, other);
    return each;
  });
}

/** yieldAllTake -- a turn, where as many threads can run as there are beside. */
export function yieldAllTake(rig: OsRig, { batch }: OsWork): number {
  let isOver = false;
  for (let i = 0; i < rig.size; i++) {
    rig.spawn(function* () {
      while (!isOver) yield undefined;
    });
  }
  rig.steps(rig.size);
  const count = Math.max(batch, rig.size), before = performance.now();
  rig.steps(count);
  const each = since(before, count);
  isOver = true;
  rig.steps(rig.size);
  return each;
}

/** Two descriptors. */
interface Pipe {
  readonly from: number;
  readonly to: number;
}

/** pipeMake -- a pipe, by way of a page in slot `slot`. */
function pipeMake(thread: Thread, slot: number): Pipe {
  const { hart, process: { files } } = thread;
  insist('pipe', files.pipe(thread, slot), 0);
  return { from: hart.load32(slot, 0), to: hart.load32(slot, 4) };
}

function pipeClose({ process: { files } }: Thread, { from, to }: Pipe): void {
  insist('close', files.close(from) | files.close(to), 0);
}

/** pipeTake -- bytes there and back, between two threads. */
export function pipeTake(rig: OsRig, { batch }: OsWork): number {
  const { files } = rig.process;
  return rig.play(function* (t, thread) {
    const slot = t.enter(1);
    pages(thread, slot, 1);
    const there = pipeMake(thread, slot), back = pipeMake(thread, slot);
    const other = rig.spawn((o, self) => echo(self, o.enter(1), there, back));
    while (other.waitingFor === null) yield undefined;
    let bytes = 0;
    const before = performance.now();
    for (let i = 0; i < batch; i++) {
      yield* files.write(thread, there.to, slot, PipeBYTES);
      bytes += yield* files.read(thread, back.from, slot, PipeBYTES);
    }
    const each = since(before, batch);
    insist('bytes', bytes, batch * PipeBYTES);
    pipeClose(thread, there);
    yield* pthreadJoin(thread, other);
    pipeClose(thread, back);
    return each;
  });
}

/** echo -- give back what comes, until the pipe is closed. */
function* echo(thread: Thread, slot: number, { from }: Pipe, { to }: Pipe): Generator<Yielded, void, unknown> {
  const { files } = thread.process;
  pages(thread, slot, 1);
  for (;;) {
    const count = yield* files.read(thread, from, slot, PipeBYTES);
    if (count <= 0) return;
    yield* files.write(thread, to, slot, count);
  }
}

/** wakeTake -- a byte that the host writes, and the turn in which a thread that waits for it reads it, and waits for the next. */
export function wakeTake(rig: OsRig, { batch }: OsWork): number {
  const { files } = rig.process, { main } = rig;
  let read = 0;
  pages(main, WakeSLOT, 1);
  const pipe = pipeMake(main, WakeSLOT), other = rig.spawn(function* (o, self) {
    const into = o.enter(1);
    pages(self, into, 1);
    while ((yield* files.read(self, pipe.from, into, 1)) > 0) read += 1;
  });
  rig.steps(1);
  const before = performance.now();
  for (let i = 0; i < batch; i++) {
    insist('write', files.write(main, pipe.to, WakeSLOT, 1).next().value as number, 1);
    rig.steps(1);
  }
  const each = since(before, batch);
  insist('reads', read, batch);
  files.close(pipe.to);
  while (other.state !== 'done') rig.steps(1);
  files.close(pipe.from);
  unmap(main, WakeSLOT, 1);
  return each;
}
