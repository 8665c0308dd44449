/* pause-capstan.ts: A COLLECTION OF THE WORLD, AND A PROGRAM THAT GOES ON
 *
 * A tree fills the heap; a collection of the world is begun, and until it is over the program allocates garbage and follows random
 * ways down the tree. Every pause is timed and its work counted <design/bench#.pause>.
 */
import { performance } from 'node:perf_hooks';
import { random } from '../../code/base/base.ts';
import type { Hart } from '../../code/machine/machine.ts';
import { PauseWORK } from '../../code/mps/arena/policy.ts';
import { boot, ResOK, type AllocationPoint, type Arena, type Event } from '../../code/mps/mps.ts';
import type { Sample } from './fresh.ts';

/** How much is done. */
export interface PauseWork {
  /** Bytes of the tree. */
  readonly live: number;
  readonly memory: string;
  /** The pause that is asked for, in milliseconds; 0 for a quantum a poll. */
  readonly pause: number;
}

/** What the bench times. */
export const PauseFULL: Readonly<Record<string, PauseWork>> = {
  '256MiB': { live: 256 * 2 ** 20, memory: '768MiB', pause: 10 },
  '64MiB': { live: 64 * 2 ** 20, memory: '192MiB', pause: 0 },
};

/** Where the parts of a node are, and its size, in bytes. */
const LEFT = 16;
const RIGHT = 32;
const NodeSIZE = 48;

/** So many nodes of garbage are made for each way down. */
const GarbageNODES = 500;

/** A collection that is not over when so many times the tree has been allocated is stuck. */
const GarbageMOST = 4;

/** The pauses of an arena, from `watch` on. */
class Pauses {
  /** Of each pause: milliseconds, and bytes of work. */
  readonly times: number[] = [];
  readonly works: number[] = [];
  polls: number = 0;
  pollsHit: number = 0;
  private hits: number = 0;
  private isPoll: boolean = false;
  private before: number = 0;
  private workBefore: number = 0;

  /** watch -- from now on. */
  watch(arena: Arena): void {
    this.hits = arena.counts.readHits;
    arena.watcher = { pause: (begins) => {
      if (begins) this.begin(arena);
      else this.end(arena);
    } };
  }

  /** hear -- an event: a quantum that a poll asked for makes its pause one of a poll. */
  hear(event: Event): void {
    if (event.type === 'quantum' && event.why === 'poll') this.isPoll = true;
  }

  /** sample -- what they were: work in bytes, times in milliseconds. */
  sample(): Sample {
    const { times, works, polls, pollsHit } = this, sorted = [...times].sort((a, b) => a - b);
    const sum = (list: readonly number[]): number => list.reduce((total, one) => total + one, 0);
    return {
      pauses: times.length, polls, pollsHit, work: sum(works), mostWork: Math.max(...works), milliseconds: sum(times),
      longest: sorted[sorted.length - 1], percentile: sorted[Math.ceil(sorted.length * 0.99) - 1],
    };
  }

  private begin(arena: Arena): void {
    this.isPoll = false;
    this.workBefore = workOf(arena);
    this.before = performance.now();
  }

  private end(arena: Arena): void {
    this.times.push(performance.now() - this.before);
    this.works.push(workOf(arena) - this.workBefore);
    if (!this.isPoll) return;
    const { readHits } = arena.counts;
    this.polls += 1;
    if (readHits > this.hits) this.pollsHit += 1;
    this.hits = readHits;
  }
}

/** workOf -- the work of all traces so far, in bytes: an arena's time, less what was handed out <design/trace#.work>. */
const workOf = (arena: Arena): number => arena.clock - arena.filled;

/** The program. */
class Program {
  private readonly hart: Hart;
  private readonly ap: AllocationPoint;
  private readonly none: number;
  private readonly draw = random(7);

  constructor(hart: Hart, ap: AllocationPoint) {
    this.hart = hart;
    this.ap = ap;
    this.none = hart.local();
  }

  node(at: number): void {
    const { hart, ap, none } = this;
    do {
      if (ap.reserve(at, NodeSIZE) !== ResOK) throw new Error('pause: out of memory');
      hart.storeCap(at, LEFT, none);
      hart.storeCap(at, RIGHT, none);
    } while (!ap.commit(at));
  }

  /** grow -- a tree of so many nodes, as flat as can be, in slot `at`; the slots above are used. */
  grow(at: number, nodes: number): void {
    const { hart } = this, left = nodes >>> 1;
    if (nodes === 0) {
      hart.clear(at);
      return;
    }
    this.node(at);
    this.grow(at + 1, left);
    hart.storeCap(at, LEFT, at + 1);
    this.grow(at + 1, nodes - 1 - left);
    hart.storeCap(at, RIGHT, at + 1);
  }

  /** walk -- a random way down the tree of slot `tree`; how many nodes that was. */
  walk(at: number, tree: number): number {
    const { hart } = this;
    let nodes = 0;
    for (hart.move(at, tree); hart.isTagged(at); nodes++) hart.loadCap(at, at, this.draw(2) === 0 ? LEFT : RIGHT);
    return nodes;
  }

  /** mutate -- make garbage and walk until the trace is over; an error if it never is, or the tree is not what it was. */
  mutate(arena: Arena, at: number, tree: number, nodes: number): void {
    const least = Math.floor(Math.log2(nodes + 1));
    for (let made = 0; arena.trace.isBusy; made++) {
      this.node(at);
      if (made % GarbageNODES === 0) {
        const steps = this.walk(at, tree);
        if (steps < least || steps > least + 1) throw new Error(`pause: a way down has ${steps} nodes`);
      }
      if (made > GarbageMOST * nodes) throw new Error('pause: the collection does not come to its end');
    }
  }
}

/** pauseTake -- collect the world under a program, and say what the pauses were; an error if that was not the whole tree. */
export function pauseTake({ live, memory, pause }: PauseWork): Sample {
  const pauses = new Pauses(), nodes = Math.floor(live / NodeSIZE);
  const system = boot({ memory, platform: 'ix', pause: `${pause}ms`, threads: 1, events: (event) => { pauses.hear(event); } });
  const { arena } = system, pool = arena.pool('amc');
  let asked = 0;
  system.thread('pause', function* (t) {
    const program = new Program(t, pool.allocationPoint(t)), tree = t.local(), at = t.enter(2 + Math.ceil(Math.log2(nodes)));
    program.grow(at, nodes);
    t.move(tree, at);
    // What made the tree is not to be counted.
    arena.park();
    arena.release();
    const { bytesCopied } = arena.counts;
    pauses.watch(arena);
    arena.step();
    asked = pause === 0 ? arena.trace.quantum : pause * PauseWORK;
    program.mutate(arena, at, tree, nodes);
    if (arena.counts.bytesCopied - bytesCopied < nodes * NodeSIZE) throw new Error('pause: not all of the tree was copied');
  });
  system.run();
  return { ...pauses.sample(), asked };
}
