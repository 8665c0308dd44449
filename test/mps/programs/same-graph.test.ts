/* same-graph.test.ts: ONE PROGRAM, ONE GRAPH
 *
 * A program with a seed makes the same graph in whatever pool its objects are, scanned by tags or by a format's method, on either platform, collected
 * at whatever time: what can be reached, and all that it holds, is the program's doing alone.
 */
import { expect, test } from 'vitest';
import { random } from '../../../code/base/base.ts';
import { ResOK, tagged, type AllocationPoint, type BootOptions, type Format } from '../../../code/mps/mps.ts';
import { graphDifference, graphOf, type Graph } from '../../../code/observe/observe.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';
import { behind, headed } from '../rig.ts';
import { HeaderKIND } from '../shadow.ts';

const REGISTERS = 64;
const STEPS = 1800;
const LOOKS = 6;

type Kind = 'amc' | 'ams' | 'awl';
type Leaves = 'amcz' | 'lo' | 'own';

/** How the program is run; none of it is the program's business. */
interface Way {
  readonly kind: Kind;
  readonly leaves: Leaves;
  readonly format: Format;
  readonly boot: BootOptions;
}

/** Objects with references, and leaves: where a leaf's pool says so, its capabilities are those of leaves. */
class Program {
  readonly it: Lab;
  readonly graphs: Graph[] = [];
  private readonly aps: readonly [AllocationPoint, AllocationPoint];
  private readonly header: number;
  private readonly first: number;
  private serial: number = 0;

  constructor({ kind, leaves, format, boot }: Way) {
    this.it = new Lab({ memory: '4MiB', nursery: '32KiB', pause: '0', ...boot });
    const { arena, t } = this.it, chain = arena.chain([{ capacity: 32 * 1024, mortality: 0.8 }, { capacity: 96 * 1024, mortality: 0.5 }]);
    const ap = arena.pool(kind, { format, chain }).allocationPoint(t);
    this.aps = [ap, leaves === 'own' ? ap : arena.pool(leaves, { format, chain }).allocationPoint(t)];
    this.header = format.headerSize ?? 0;
    this.first = t.enter(REGISTERS);
  }

  /** run -- the program that a seed stands for. */
  run(seed: number): void {
    const { it: { t, arena }, first } = this, draw = random(seed), slot = t.local();
    for (let n = 1; n <= STEPS; ++n) {
      const what = draw(8), to = first + draw(REGISTERS), from = first + draw(REGISTERS);
      if (what < 4) this.make(slot, to, draw(10) === 0 ? 40 + draw(400) : 2 + draw(6), what === 0, from);
      else if (what === 4) t.move(to, from);
      else if (what === 5 && draw(3) === 0) t.clear(to);
      else if (what === 6) this.store(from, to, draw);
      else if (t.isTagged(from)) this.load(from, to, draw);
      if (n % (STEPS / LOOKS) > 0) continue;
      t.clear(slot);
      arena.park();
      this.graphs.push(graphOf(arena));
      arena.release();
    }
    arena.check();
  }

  /** make -- an object of so many granules in a register, of which the second refers to what another has, if it is no leaf. */
  private make(slot: number, to: number, granules: number, isLeaf: boolean, ref: number): void {
    const { it: { t }, aps, header } = this, ap = aps[Number(isLeaf)], size = granules * 16;
    do {
      expect(ap.reserve(slot, size)).toBe(ResOK);
      for (let at = 0; at < size; at += 4) t.store32(slot, at, this.serial * 64 + at);
      for (const [at, value] of [this.serial, size, HeaderKIND, Number(isLeaf)].entries()) t.store32(slot, at * 4, value);
      for (let at = 16; !isLeaf && at < size; at += 16) for (let k = 0; k < 16; k += 4) t.store32(slot, at + k, 0);
      if (!isLeaf && t.isTagged(ref)) t.storeCap(slot, 16, ref);
    } while (!ap.commit(slot));
    this.serial += 1;
    t.move(to, slot);
    if (header > 0) t.r[to << 3] += header;
    if (header > 0) t.decode(to);
  }

  /** Words of the header of what a register refers to. */
  private headerOf(register: number, at: number): number {
    return this.it.t.load32(register, at - this.header);
  }

  private store(object: number, value: number, draw: (n: number) => number): void {
    const { it: { t }, header } = this;
    if (!t.isTagged(object) || !t.isTagged(value) || this.headerOf(object, 12) === 1) return;
    t.storeCap(object, 16 + 16 * draw(this.headerOf(object, 4) / 16 - 1) - header, value);
  }

  private load(object: number, to: number, draw: (n: number) => number): void {
    const { it: { t }, header } = this;
    if (this.headerOf(object, 12) === 0) t.loadCap(to, object, 16 + 16 * draw(this.headerOf(object, 4) / 16 - 1) - header);
  }
}

const boots: Readonly<Record<string, BootOptions>> = {
  'an': { platform: 'an' },
  'ix': { platform: 'ix' },
  'an, at every poll': { platform: 'an', collect: 'every-poll' },
  'ix, at every poll': { platform: 'ix', collect: 'every-poll' },
  'ix, pcuabi': { platform: 'ix', abi: 'pcuabi' },
};

/** played -- the graphs of a run. */
function played(way: Way, seed: number): readonly Graph[] {
  const program = new Program(way);
  program.run(seed);
  expect(program.it.arena.counts.collections, 'weak run').toBeGreaterThan(3);
  program.it.system.finish();
  return program.graphs;
}

for (const seed of seeds(1)) {
  for (const [what, leaves] of [['objects and leaves of one kind', ['own']], ['leaves in pools of leaves', ['amcz', 'lo']]] as const) {
    for (const [how, formats] of [['', [tagged, headed]], [', pointed to behind their headers', [behind]]] as const) {
      test(`${what}${how}: one graph, whatever the pool, the platform and the way of scanning, seed ${seed} <design/oracle#.graph> <design/amc#.req.graph> <design/marking#.req.graph>`, () => {
        let wanted: readonly Graph[] | null = null;
        for (const leaf of leaves) {
          for (const kind of ['amc', 'ams', 'awl'] as const) {
            for (const format of formats) {
              for (const [name, boot] of Object.entries(boots)) {
                const found = played({ kind, leaves: leaf, format, boot }, seed);
                wanted ??= found;
                expect(found.length).toBe(LOOKS);
                for (const [i, graph] of found.entries()) expect([kind, leaf, format.name, name, i, graphDifference(wanted[i], graph)]).toEqual([kind, leaf, format.name, name, i, null]);
              }
            }
          }
        }
        expect((wanted ?? [])[LOOKS - 1].nodes, 'weak run').toBeGreaterThan(40);
      });
    }
  }
}
