/* explored.test.ts: THREADS THAT ARE CUT ANYWHERE
 *
 * Three threads share a list, a vector and a page of the program's own; each knows, outside of all memory, what it has written. A collection goes on all
 * the time, in quanta as small as can be. COUNT=n runs the seeds 1 to n in each way of suspension under each
 * ABI, SEED=n that one alone.
 */
import { describe, expect, test } from 'vitest';
import { random, type Random } from '../../../code/base/base.ts';
import { Memory, PageSIZE } from '../../../code/machine/machine.ts';
import { ResOK } from '../../../code/mps/mps.ts';
import {
  SA_SIGINFO, SIGSEGV, stepCall, stepLoad32, stepLoadCap, stepStore32, stepStoreCap, type Step, type Thread,
} from '../../../code/os/os.ts';
import { seeds } from '../../seed.ts';
import { action, close, inHandler, isStopped, open, pages, slotCopy, ways, type Rig, type Way } from './rig.ts';

/** Nodes are so large that the list is several segments. */
const NODES = 6;
const NODE = 1024;
const THREADS = 3;
const ROUNDS = 20;
const VECTOR = 8192;

/** Where each thread has things: the list, the vector, the program's own page, and what it is at. */
const LIST = 12;
const BIG = 11;
const PAGE = 13;
const AT = 14;
const NEW = 15;
const GOT = 16;

/** What happened in a run. */
interface Seen {
  /** A thread faulted on a page of the arena while another was in the handler for the same one. */
  together: number;
  /** A collection began while a thread was suspended in the handler, and moved what it was about to access. */
  suspended: number;
  moved: number;
  /** A fault of the program's own while a collection was under way. */
  foreign: number;
  /** Reads of the vector while it was grey: one reference is fixed, and the access is granted. */
  single: number;
  hits: number;
  /** How often protection was compared with what it should be. */
  looks: number;
}

/** insist -- as `expect`, for thousands of times. */
function insist(found: unknown, wanted: unknown, what: string): void {
  if (found !== wanted) throw new Error(`${what}: found ${String(found)}, wanted ${String(wanted)}`);
}

/** A thread with the shadow of what it has written. */
class Worker {
  readonly words = new Int32Array(NODES);
  readonly leaves = new Int32Array(NODES);
  readonly vector = new Int32Array(VECTOR / 16);
  word: number = 0;
  thread: Thread | null = null;
  private readonly rig: Rig;
  private readonly index: number;
  private readonly draw: Random;

  constructor(rig: Rig, index: number, draw: Random) {
    this.rig = rig;
    this.index = index;
    this.draw = draw;
  }

  *body(thread: Thread): Step<void> {
    this.thread = thread;
    for (let round = 0; round < ROUNDS; ++round) yield* this.round();
    for (let node = 0; node < NODES; ++node) {
      yield* this.walk(node);
      yield* this.look(node);
    }
  }

  private *round(): Step<void> {
    const { draw } = this, node = draw(NODES);
    if (draw(2) === 0) yield* stepCall(() => { this.collect(); });
    switch (draw(5)) {
      case 0: return yield* this.foreign();
      case 1: return yield* this.big();
      default:
        yield* this.walk(node);
        yield* this.look(node);
        return yield* draw(2) === 0 ? this.write(node) : this.grow(node);
    }
  }

  /** collect -- some quanta, or all that is left of a collection and the next, by preference while somebody is in the handler. */
  private collect(): void {
    const { arena, threads } = this.rig;
    if (this.draw(threads.some(inHandler) ? 2 : 8) === 0) arena.collect();
    else for (let left = this.draw(12) === 0 ? 12 : 1; left > 0; --left) arena.step();
  }

  /** walk -- to a node of the list. */
  private *walk(node: number): Step<void> {
    const { hart } = this.thread as Thread;
    hart.move(AT, LIST);
    for (let left = node; left > 0; --left) yield* stepLoadCap(AT, AT, 0);
  }

  private *look(node: number): Step<void> {
    const { index } = this;
    insist(yield* stepLoad32(AT, 16 + 4 * index), this.words[node], `word of node ${node}`);
    yield* stepLoadCap(GOT, AT, 32 + 16 * index);
    if (this.leaves[node] !== 0) insist(yield* stepLoad32(GOT, 4), this.leaves[node], `leaf of node ${node}`);
  }

  private *write(node: number): Step<void> {
    this.words[node] = this.draw(0x1000_0000);
    yield* stepStore32(AT, 16 + 4 * this.index, this.words[node]);
  }

  /** grow -- hang a new leaf on a node. */
  private *grow(node: number): Step<void> {
    const mark = yield* this.leaf();
    yield* stepStoreCap(AT, 32 + 16 * this.index, NEW);
    this.leaves[node] = mark;
  }

  private *leaf(): Step<number> {
    const { rig, draw } = this, point = rig.point(this.thread as Thread), mark = 1 + draw(0x1000_0000), size = 32 + 480 * draw(3);
    do {
      insist(yield* stepCall(() => point.reserve(NEW, size)), ResOK, 'reserve');
      yield* stepStore32(NEW, 4, mark);
    } while (!(yield* stepCall(() => point.commit(NEW))));
    return mark;
  }

  /** big -- look at a place of the vector, and maybe put something else there. */
  private *big(): Step<void> {
    const at = THREADS * this.draw(VECTOR / 16 / THREADS - 1) + this.index;
    yield* stepLoadCap(GOT, BIG, 16 * at);
    if (this.vector[at] !== 0) insist(yield* stepLoad32(GOT, 4), this.vector[at], `place ${at} of the vector`);
    const mark = yield* this.leaf();
    yield* stepStoreCap(BIG, 16 * at, NEW);
    this.vector[at] = mark;
    yield* stepLoadCap(GOT, BIG, 16 * at);
    insist(yield* stepLoad32(GOT, 4), mark, `place ${at} of the vector, just written`);
  }

  /** foreign -- use the program's own page, and close it for everybody. */
  private *foreign(): Step<void> {
    insist(yield* stepLoad32(PAGE, 4 * this.index), this.word, 'word of the page');
    this.word = this.draw(0x1000_0000);
    yield* stepStore32(PAGE, 4 * this.index, this.word);
    yield* stepCall(() => { close(this.thread as Thread, PAGE); });
  }
}

/** prepare -- the list, the vector and the page, in slots of a thread that the test drives. */
function prepare(rig: Rig): Thread {
  const main = rig.adopt(), { hart } = main;
  for (let node = 0; node < NODES; ++node) {
    rig.make(main, NEW, 0, { size: NODE });
    hart.storeCap(NEW, 0, LIST);
    hart.move(LIST, NEW);
  }
  rig.make(main, BIG, 0, { size: VECTOR });
  pages(main, PAGE);
  close(main, PAGE);
  return main;
}

/** watch -- count what the run is about. */
function watch(rig: Rig, seen: Seen): void {
  const { arena } = rig;
  const before = new Map<Thread, number>();
  rig.watch({
    fault: (thread, fault) => {
      const same = (other: Thread): boolean => other !== thread && inHandler(other) && levelOf(other).info.low >>> 12 === fault.low >>> 12;
      if (arena.owns(fault.low) && rig.threads.some(same)) seen.together += 1;
    },
  });
  const { watcher } = arena;
  arena.watcher = {
    left: () => {
      for (const [thread, low] of before) if (inHandler(thread) && authorityOf(thread) !== low) seen.moved += 1;
      before.clear();
      watcher?.left?.();
    },
    condemned: () => {
      for (const thread of rig.threads) {
        if (!isStopped(thread) || !inHandler(thread)) continue;
        seen.suspended += 1;
        before.set(thread, authorityOf(thread));
      }
    },
  };
}

/** authorityOf -- where the access that a handler has interrupted will be made, by what the frame says of its register. */
const authorityOf = (thread: Thread): number => levelOf(thread).context.low;

/** levelOf -- the handler of the fault that was taken last. */
const levelOf = ({ levels, depth }: Thread): Thread['levels'][number] => levels.slice(0, depth).findLast(({ signal }) => signal === SIGSEGV) as Thread['levels'][number];

function run({ make }: Way, seed: number, memory: Memory, seen: Seen): void {
  let { foreign } = seen;
  const before = action(function* (_signal, info, context, thread) {
    insist([SIGSEGV, thread.hart.r[PAGE << 3], PAGE].join(), [info?.signo, (info?.low ?? 0) & -4096, context?.slot].join(), 'a fault that is not the program\'s');
    if (rig.arena.trace.isBusy) foreign += 1;
    yield* stepCall(() => { open(thread, PAGE); });
  }, SA_SIGINFO);
  const rig = make({ seed, driver: 'explored', before, memory }), main = prepare(rig), draw = random(seed);
  watch(rig, seen);
  for (let i = 0; i < THREADS; ++i) {
    const worker = new Worker(rig, i, draw), thread = rig.spawn(`t${i}`, (_t, self) => worker.body(self), { stepped: true });
    for (const slot of [LIST, BIG, PAGE]) slotCopy(thread.hart, slot, main.hart, slot);
  }
  rig.run();
  const [faults, accounted] = rig.account(), { counts } = rig.arena;
  insist(accounted, faults, 'faults accounted for');
  seen.foreign = foreign;
  seen.hits += counts.readHits + counts.writeHits;
  seen.looks += rig.looks;
  const big = main.hart.r[BIG << 3] >>> 0;
  for (const event of rig.members[0].told) {
    if (event.type === 'fault' && event.found === 'read' && event.addr >= big && event.addr < big + VECTOR) seen.single += 1;
  }
  insist(rig.process.map.munmap(main.hart, PAGE, PageSIZE), 0, 'munmap');
  rig.end();
  insist(rig.kernel.frames.available, memory.size, 'frames that are given back');
}

/** The seeds that are tried in each way, in shares with a test each. */
const ALL = seeds(Number(process.env['COUNT'] ?? 20));
const SHARE = Math.max(20, ALL.length / 10);

describe.each(ways)('$title', (way) => {
  for (let first = 0; first < ALL.length; first += SHARE) {
    const share = ALL.slice(first, first + SHARE);
    test(`whatever the schedule, each thread reads what it wrote <design/protix#.threads> <design/protix#.inv.count> seeds ${share[0]} to ${share.at(-1)}`, () => {
      const memory = new Memory(0x10_0000), seen: Seen = { together: 0, suspended: 0, moved: 0, foreign: 0, single: 0, hits: 0, looks: 0 };
      for (const seed of share) {
        try {
          run(way, seed, memory, seen);
        } catch (error) {
          throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        }
      }
      if (share.length > 1) for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(share.length / 10);
    });
  }
});
