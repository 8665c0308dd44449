/* stepped.ts: A NAMED PROGRAM THAT IS CUT ANYWHERE
 *
 * `relink`: three threads walk a list that they share, and put new nodes in place of old ones. Each access is an operation, so whoever
 * is not suspended runs while the collector has opened what nobody may see <design/scheduler#.preempt>.
 */
import { random, type Random } from '../../code/base/base.ts';
import { ResOK } from '../../code/mps/mps.ts';
import { Oracle, type OracleCounts } from '../../code/observe/observe.ts';
import { stepCall, stepLoadCap, stepStoreCap, type Step, type Thread } from '../../code/os/os.ts';
import { Rig, slotCopy } from '../mps/ix/rig.ts';

/** Nodes are so large that the list is several segments. */
const NODES = 8;
const NODE = 1024;
const THREADS = 3;
const ROUNDS = 25;

/** Where a thread has the list, the node that it is at, what is behind that, and a new node. */
const LIST = 12;
const AT = 13;
const NEXT = 14;
const NEW = 15;

/** What a run came to. */
export interface Relinked {
  readonly counts: OracleCounts;
  /** Commits that failed; and how often threads might have run but that they were suspended. */
  trips: number;
  stopped: number;
}

/** relink -- run the program under an oracle, after something of it was broken. Throws what the oracle says. */
export function relink(seed: number, breaks: (rig: Rig) => void = () => undefined): Relinked {
  const rig = new Rig({ seed, driver: 'explored' }), { arena, kernel } = rig, main = rig.adopt(), draw = random(seed);
  const { counts } = new Oracle(arena, rig.process.space), relinked: Relinked = { counts, trips: 0, stopped: 0 };
  const preempt = kernel.preempt.bind(kernel);
  kernel.preempt = () => {
    relinked.stopped += Number(arena.shield.isSuspended);
    preempt();
  };
  for (let node = 0; node < NODES; ++node) {
    rig.make(main, NEW, node, { size: NODE, ref: LIST });
    main.hart.move(LIST, NEW);
  }
  for (let i = 0; i < THREADS; ++i) {
    const { hart } = rig.spawn(`t${i}`, (_t, self) => body(rig, self, draw, relinked), { stepped: true });
    slotCopy(hart, LIST, main.hart, LIST);
  }
  breaks(rig);
  rig.run();
  rig.end();
  return relinked;
}

function* body(rig: Rig, thread: Thread, draw: Random, relinked: Relinked): Step<void> {
  for (let round = 0; round < ROUNDS; ++round) {
    for (let quanta = draw(4); quanta > 0; --quanta) yield* stepCall(() => rig.arena.step());
    thread.hart.move(AT, LIST);
    for (let left = draw(NODES - 2); left > 0; --left) yield* stepLoadCap(AT, AT, 16);
    yield* replace(rig, thread, relinked);
  }
}

/** replace -- put a new node in place of the one behind AT. Whatever others do meanwhile, it is as far from the end as that was. */
function* replace(rig: Rig, thread: Thread, relinked: Relinked): Step<void> {
  const point = rig.point(thread);
  for (;;) {
    if ((yield* stepCall(() => point.reserve(NEW, NODE))) !== ResOK) throw new Error('no memory for a node');
    yield* stepLoadCap(NEXT, AT, 16);
    yield* stepLoadCap(NEXT, NEXT, 16);
    yield* stepStoreCap(NEW, 16, NEXT);
    if (yield* stepCall(() => point.commit(NEW))) break;
    relinked.trips += 1;
  }
  yield* stepStoreCap(AT, 16, NEW);
}
