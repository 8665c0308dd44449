/* overflow.test.ts: A STACK RUNS OVER
 *
 * A program's handler that says "stack overflow" was there before the collector's, and is on an alternate stack. It knows an overflow by
 * the capability of the access: its bounds are the thread's stack, and the address is below what may be used of it.
 */
import { describe, expect, test } from 'vitest';
import { addrOf, formatOf, incOffset, setBounds, slotRead, PageSIZE, WindowHIGH, type Fault, type Hart } from '../../../code/machine/machine.ts';
import {
  ProtREAD, ProtWRITE, SA_ONSTACK, SA_SIGINFO, SIGPROT, SIGSEGV, signalName, stepCall, type SigAction, type Thread, type ThreadBody,
} from '../../../code/os/os.ts';
import { grant } from '../../os/grant.ts';
import { action, pages, reportOf, ways, type Rig } from './rig.ts';

const STACK: number = 2 * PageSIZE;

/** What each thread is told, and the fault as the machine saw it. */
interface Told {
  readonly lines: string[];
  readonly infos: (readonly [signal: number, code: number, low: number, high: number])[];
  readonly faults: Fault[];
}

/** isOverflow -- whether the access that a handler has interrupted has run off its thread's stack. */
function isOverflow(thread: Thread, slot: number, low: number): boolean {
  const { stackBase, stackLimit, process } = thread, format = formatOf(thread.hart), { base, top } = format.bounds(slotRead(thread.hart, slot));
  const origin = BigInt(WindowHIGH) << 32n, guard = process.kernel.profile.stackGuard;
  return base === origin + BigInt(stackBase - guard) && top === origin + BigInt(stackLimit) && low < stackBase;
}

/** teller -- the program's handler: it says what happened, and ends the thread. `pause` is waited for first. */
function teller(told: Told, pause: (thread: Thread) => boolean = () => true): SigAction {
  return action(function* (signal, info, context, thread) {
    if (info === null || context === null) throw new Error('no SA_SIGINFO');
    const slot = thread.hart.local(), low = info.low >>> 0;
    context.load(slot, context.slot);
    const what = isOverflow(thread, slot, low) ? 'stack overflow' : signalName(signal);
    told.infos.push([signal, info.code, info.low, info.high]);
    if (!pause(thread)) yield { what: 'the others', ready: () => pause(thread) };
    told.lines.push(`${what}: ${thread.name} at 0x${low.toString(16)}${thread.isOnAltStack ? '' : ', on its own stack'}`);
    thread.exit();
  }, SA_SIGINFO | SA_ONSTACK);
}

/** dive -- take locals until there is no stack left. */
function dive(t: Hart): void {
  const frame = t.enter(24);
  dive(t);
  t.leave(frame);
}

describe.each(ways)('$title', ({ make, abi }) => {
  /** diver -- a thread with an alternate stack that does something. */
  const diver = (rig: Rig, name: string, body: ThreadBody, stepped: boolean = false): Thread => rig.spawn(name, function* (t, self) {
    pages(self, 20, 2);
    expect(self.sigaltstack(20, 2 * PageSIZE)).toBe(0);
    yield;
    yield* body(t, self);
  }, { stackSize: STACK, slots: 4096, stepped });

  function prepare(driver: 'fast' | 'explored', pause?: (thread: Thread) => boolean): { rig: Rig; told: Told } {
    const told: Told = { lines: [], infos: [], faults: [] }, before = teller(told, pause), rig = make({ before, driver });
    expect(rig.process.sigaction(SIGPROT, before)).toBeTypeOf('object');
    rig.watch({ fault: (_thread, fault) => told.faults.push(fault) });
    return { rig, told };
  }

  const hex = (low: number): string => `0x${low.toString(16)}`;

  test('the handler that was there before the collector\'s says so, with the thread and the address, and all else goes on <design/protix#.overflow> <design/protix#.departs.sigstack> <design/protix#.departs.forward>', () => {
    const { rig, told } = prepare('fast'), main = rig.adopt();
    rig.make(main, 5, 41);
    rig.flip();
    const thread = diver(rig, 'deep', function* (t) { dive(t); });
    rig.run();
    const [{ low, high }] = told.faults, at = low >>> 0;
    expect(told.lines).toEqual([`stack overflow: deep at ${hex(at)}`]);
    expect([at < thread.stackBase, at >= thread.stackBase - PageSIZE, thread.state, rig.process.status]).toEqual([true, true, 'done', null]);
    // The same siginfo, whoever stood in front.
    const code = abi === 'pcuabi' ? 2 : 1;
    expect(told.infos).toEqual([[abi === 'pcuabi' ? SIGSEGV : SIGPROT, code, low, high]]);
    expect(rig.protsgix.forwarded).toBe(abi === 'pcuabi' ? 1 : 0);
    expect([main.hart.load32(5, 0), rig.arena.counts.readHits]).toEqual([41, 1]);
    rig.arena.collect();
    rig.arena.threadDeregister(thread.hart);
    rig.threads.splice(rig.threads.indexOf(thread), 1);
    rig.end();
  });

  test('an object on the stack that is overrun is no stack overflow, nor is a bad access elsewhere <design/protix#.overflow>', () => {
    const { rig, told } = prepare('fast');
    diver(rig, 'object', function* (t, { process, stackBase }) {
      grant(process.map, t, 6, stackBase | 0, ProtREAD | ProtWRITE, false);
      incOffset(t, 6, 6, PageSIZE);
      setBounds(t, 6, 6, 64n);
      expect(addrOf(t, 6) % PageSIZE).toBe(0);
      t.store32(6, 60, 1);
      t.store32(6, -16, 1);
    });
    diver(rig, 'other', function* (t, self) {
      pages(self, 6);
      t.load32(6, PageSIZE);
    });
    rig.run();
    expect(told.lines.map((line) => line.split(':')[0])).toEqual(abi === 'pcuabi' ? ['SIGSEGV', 'SIGSEGV'] : ['SIGPROT', 'SIGPROT']);
    expect([told.lines.map((line) => line.split(' ')[1]).toSorted(), rig.process.status, rig.protsgix.forwarded]).toEqual([['object', 'other'], null, 0]);
  });

  for (const driver of ['fast', 'explored'] as const) {
    test(`two threads that run over at once are each told of their own <design/protix#.overflow> <design/protix#.threads> ${driver}`, () => {
      const inside = new Set<Thread>(), { rig, told } = prepare(driver, (thread) => inside.add(thread).size === 2);
      const both = ['one', 'two'].map((name) => diver(rig, name, function* (t) {
        for (;;) yield* stepCall(() => { t.enter(24); });
      }, true));
      rig.run();
      const lows = told.faults.map(({ low }) => low >>> 0);
      expect(told.lines.toSorted()).toEqual(both.map(({ name, stackBase }) => `stack overflow: ${name} at ${hex(lows.find((low) => low < stackBase && low >= stackBase - PageSIZE) ?? 0)}`));
      expect([both.map(({ state }) => state), rig.process.status]).toEqual([['done', 'done'], null]);
    });
  }

  test('without an alternate stack there is no place to say it, and the report says that <design/protix#.threads.sig-stack>', () => {
    const { rig, told } = prepare('fast');
    rig.spawn('deep', function* (t) {
      yield;
      dive(t);
    }, { stackSize: STACK, slots: 4096 });
    rig.run();
    expect([told.lines, reportOf(rig.process)]).toEqual([[], expect.stringContaining('the stack is full: the signal frame does not fit')]);
    expect(reportOf(rig.process)).toMatch(new RegExp(`died of ${abi === 'pcuabi' ? 'SIGSEGV' : 'SIGPROT'} .* in thread \\d+ 'deep'`));
  });
});
