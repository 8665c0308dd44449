/* mixed.ts: A HEAP OF ALL KINDS
 *
 * One client that uses what there is: copied objects, weak tables with dependents, leaves, blocks of a manual pool with a root inside, finalization, pins,
 * roots by function, transforms; under an oracle.
 */
import { expect } from 'vitest';
import { random, type Random } from '../../code/base/base.ts';
import { RankWEAK, ResOK, type AllocationPoint, type FinalizationMessage, type MvffPool, type Pin } from '../../code/mps/mps.ts';
import { Oracle, type OracleCounts } from '../../code/observe/observe.ts';
import type { Lab } from '../mps/lab.ts';
import { findDependent, link, linked, table } from '../mps/pools/awl-table.ts';
import { make, quantum, still } from '../mps/services/steps.ts';

const ROOTS = 10;
const ENTRIES = 24;

/** What a run came to, besides what the oracle has judged. */
export interface Mixed {
  readonly counts: OracleCounts;
  readonly it: Lab;
  applied: number;
}

/** A client of everything. */
class Client {
  readonly it: Lab;
  readonly mixed: Mixed;
  private readonly draw: Random;
  private readonly slots: number;
  private readonly one: number;
  private readonly points: AllocationPoint[];
  private readonly mvff: MvffPool;
  /** Slots: a table of weak references by tag, one of keys, and that of its values; a block with a root in it. */
  private readonly tables: readonly number[];
  private readonly block: number;
  private readonly pins: Pin[] = [];
  private readonly messages: FinalizationMessage[] = [];

  constructor(platform: 'an' | 'ix', seed: number, breaks: (it: Lab) => void) {
    const it = still({ platform, memory: '8MiB', seed }), { arena, t } = it, oracle = new Oracle(arena, platform === 'ix' ? it.system.space : null);
    this.it = it;
    this.draw = random(seed);
    this.slots = t.enter(ROOTS + 6);
    this.one = this.slots + ROOTS;
    this.tables = [this.one + 2, this.one + 3, this.one + 4];
    this.block = this.one + 5;
    this.mixed = { counts: oracle.counts, it, applied: 0 };
    this.points = (['amc', 'ams', 'lo', 'snc'] as const).map((kind) => arena.pool(kind).allocationPoint(t));
    this.mvff = arena.pool('mvff');
    arena.messages.enable('finalization');
    this.begin(seed % 2 === 0);
    breaks(it);
  }

  /** begin -- make the tables, and roots; where tables are linked, values that have been deleted may outlive a collection. */
  private begin(areLinked: boolean): void {
    const { it: { arena, t }, tables: [weak, keys, values], block } = this, awl = arena.pool('awl'), pool = arena.pool('awl', { format: linked, findDependent });
    table(t, awl.allocationPoint(t, { rank: RankWEAK }), weak, ENTRIES);
    table(t, pool.allocationPoint(t, { rank: RankWEAK }), keys, ENTRIES);
    table(t, pool.allocationPoint(t), values, ENTRIES);
    if (areLinked) link(t, keys, values);
    expect(this.mvff.alloc(t, block, 256)).toBe(ResOK);
    for (let at = 0; at < 256; at += 4) t.store32(block, at, 0);
    arena.roots.area(t, block);
    const held = t.r[block << 3];
    arena.roots.create(t, (view) => view.fix(held));
  }

  /** step -- one of the things that clients do. */
  step(): void {
    const { draw, it: { t }, slots, one, tables: [weak, keys, values], block } = this, slot = slots + draw(ROOTS), k = 32 + 16 * draw(ENTRIES);
    switch (draw(13)) {
      case 0: case 1: case 2: return this.make(slot);
      case 3: return t.storeCap(weak, k, slot);
      case 4:
        t.storeCap(values, k, slots + draw(ROOTS));
        return t.storeCap(keys, k, slot);
      case 5: return t.clear(slot);
      case 6: return t.storeCap(block, 16 * draw(16), slot);
      case 7: return t.loadCap(slot, [weak, keys, values][draw(3)], k);
      case 8: return this.finalize(slot);
      case 9: return this.message(slot);
      case 10: return this.manual(one);
      case 11: return this.pin(slot);
      default: return this.collect();
    }
  }

  private make(slot: number): void {
    const { draw, slots } = this, kind = draw(5) % this.points.length, isLeaf = kind === 2;
    const refs = isLeaf ? [] : Array.from({ length: draw(4) }, () => slots + draw(ROOTS));
    make(this.it, this.points[kind], this.one, draw(1 << 20), refs, draw(60) === 0 ? 20_000 : 32 + 16 * refs.length + 16 * draw(4));
    this.it.t.move(slot, this.one);
  }

  private finalize(slot: number): void {
    const { it: { arena, t }, draw } = this;
    if (!t.isTagged(slot) || arena.addr.pool(t.r[slot << 3])?.isAutomatic !== true) return;
    if (draw(6) === 0) arena.definalize(t, slot);
    else expect(arena.finalize(t, slot)).toBe(ResOK);
  }

  private message(slot: number): void {
    const { it: { arena, t }, messages, draw } = this, got = arena.messages.get('finalization');
    if (got !== null) messages.push(got);
    if (messages.length === 0) return;
    if (draw(2) === 0) messages[0].finalizationRef(t, slot);
    if (draw(3) > 0) arena.messages.discard(messages.shift() as FinalizationMessage);
  }

  private manual(slot: number): void {
    const { it: { t }, draw, slots } = this, size = 32 + 16 * draw(100);
    expect(this.mvff.alloc(t, slot, size)).toBe(ResOK);
    // Nobody looks for references there, so it is as it was when everything has moved.
    t.storeCap(slot, 16, slots + draw(ROOTS));
    this.mvff.free(t, slot, size);
    t.clear(slot);
  }

  private pin(slot: number): void {
    const { it: { arena, t }, pins, draw } = this;
    if (pins.length > 2 || (pins.length > 0 && draw(2) === 0)) pins.shift()?.release();
    else if (t.isTagged(slot)) pins.push(arena.pin(t, slot) as Pin);
  }

  private collect(): void {
    const { it: { arena, t }, draw } = this, what = draw(8);
    if (what === 0) return this.transform();
    if (what < 3) return arena.collect();
    if (!arena.trace.isBusy) {
      arena.release();
      arena.startCollect();
      arena.clamp();
    }
    for (let left = draw(12); left > 0 && arena.trace.isBusy; --left) {
      arena.control.pausing(() => { quantum(this.it); });
    }
    t.clear(this.one);
  }

  private transform(): void {
    const { it: { arena, t }, one, slots, draw, points } = this;
    make(this.it, points[0], one, 1, [], 32);
    make(this.it, points[0], one + 1, 2, [slots + draw(ROOTS)], 48);
    for (let k = 0; k < 3; ++k) t.move(slots + draw(ROOTS), one);
    const transform = arena.transform();
    if (typeof transform === 'number') return;
    expect(transform.addOldNew(t, one, one + 1, 1)).toBe(ResOK);
    transform.apply();
    if (transform.isApplied) this.mixed.applied += 1;
    transform.destroy();
    arena.clamp();
  }

  /** end -- let go, and have all that is garbage go. */
  end(): void {
    for (const pin of this.pins) pin.release();
    this.it.t.clear(this.one);
    for (let k = 0; k < 3; ++k) this.it.arena.collect();
    this.it.arena.check();
  }
}

/** mixed -- run the client for `steps`, on a collector that `breaks` has broken. Throws what the oracle says. */
export function mixed(platform: 'an' | 'ix', seed: number, steps: number, breaks: (it: Lab) => void = () => undefined): Mixed {
  const client = new Client(platform, seed, breaks);
  for (let k = 0; k < steps; ++k) client.step();
  client.end();
  return client.mixed;
}
