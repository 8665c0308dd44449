/* root-set.ts: THE ROOTS OF AN ARENA
 *
 * Makes roots from memory that the client names by capabilities, and insists on the rules <design/root#.if>.
 */
import { aver } from '../../base/base.ts';
import {
  baseDecode, baseIsNear, GranuleSIZE, PageSIZE, roomDecode, WindowHIGH, type AddressSpace, type Hart, type Low,
} from '../../machine/machine.ts';
import type { Arena } from '../arena/arena.ts';
import { ResCOMMITLIMIT, ResMEMORY, ResOK, type Res } from '../result.ts';
import type { Format, FormatView } from './format.ts';
import { RankAMBIG, RankEXACT, type Rank } from './rank.ts';
import { Root, type RootParts, type RootScanner, type RootTag } from './root.ts';
import { granulesOf, isClients, RootView } from './root-view.ts';

/** What the ledger is charged for a root. */
const RootRECORD = 96;

/** Fixes the references in [base, limit): what the MPS calls an area scanner. */
export type AreaScanner = (view: FormatView, base: Low, limit: Low) => Res;

/** What a root may be; the rank is EXACT unless it says otherwise. */
export interface RootOptions {
  readonly rank?: Rank;
  /** For people. */
  readonly name?: string;
}

/** What a root in a piece of memory may be. */
export interface AreaOptions extends RootOptions {
  /** Which words are references. */
  readonly tag?: RootTag;
  /** Finds them; it may be called at any flip, with the mutators stopped, and calls nothing but the view. */
  readonly scan?: AreaScanner;
}

/** Shows the references of a thread's slots: for each slot `fix`, which says whether to go on. */
export type SlotScanner = (hart: Hart, fix: (slot: number) => Res) => Res;

/** What the root of a thread may be (mps_root_create_thread_tagged, _scanned). */
export interface ThreadOptions {
  /** Which slots are references. */
  readonly tag?: RootTag;
  /** Finds them. */
  readonly scan?: SlotScanner;
}

/** All roots of an arena, in the order in which they were made. */
export class Roots {
  private readonly arena: Arena;
  private readonly all: Set<Root> = new Set();

  constructor(arena: Arena) {
    this.arena = arena;
  }

  get size(): number {
    return this.all.size;
  }

  [Symbol.iterator](): IterableIterator<Root> {
    return this.all[Symbol.iterator]();
  }

  // For clients ------------------------------------------------------------------------------------------------------

  /** area -- the granules within the bounds of the capability in `slot` are a root (mps_root_create_area, _area_tagged); or why not. */
  area(hart: Hart, slot: number, { rank = RankEXACT, name = 'area', tag, scan }: AreaOptions = {}): Root | Res {
    const { base, limit } = boundsOf(hart, slot);
    aver(scan === undefined || tag === undefined, '<design/root#.if.scanner>');
    return this.make(hart.space, base, limit, { rank, name, tag, scanner: scan && this.scannerOf(hart.space, rank, (view) => scan(view, base | 0, limit | 0)) });
  }

  /** table -- `count` references from the address of `slot` on are a root (mps_root_create_table, _table_masked); or why not. */
  table(hart: Hart, slot: number, count: number, { rank = RankEXACT, name = 'table', tag }: AreaOptions = {}): Root | Res {
    const low = hart.r[slot << 3] >>> 0, { base, limit } = boundsOf(hart, slot);
    aver(count > 0 && low >= base && low + count * GranuleSIZE <= limit, '<design/root#.if.bounds>');
    return this.make(hart.space, low, low + count * GranuleSIZE, { rank, name, tag });
  }

  /** formatted -- a block of objects of a format, outside of all pools, is a root (mps_root_create_fmt); or why not. */
  formatted(hart: Hart, slot: number, format: Format, { rank = RankEXACT, name = 'formatted' }: RootOptions = {}): Root | Res {
    const { scan } = format;
    return this.area(hart, slot, scan === undefined ? { rank, name } : { rank, name, scan });
  }

  /** create -- what a client's scanner shows of the memory of `hart`'s space is a root (mps_root_create); or why not. */
  create(hart: Hart, scan: (view: FormatView) => Res, { rank = RankEXACT, name = 'scanner' }: RootOptions = {}): Root | Res {
    return this.enrol(new Root({ rank, name, scanner: this.scannerOf(hart.space, rank, scan) }));
  }

  /** walk -- visit every reference to an object in roots: its base, or an ambiguous address, and the root (mps_arena_roots_walk). */
  walk(visit: (ref: Low, root: Root) => void): void {
    this.arena.finishTrace();
    const { heap } = this.arena;
    for (const root of this.all) {
      root.each(heap.i32, heap.tags, (w, at, isTagged) => {
        for (const addr of root.meant(w, at, isTagged)) if (heap.segOf(addr) !== null) visit(addr, root);
      });
    }
  }

  // For the arena and its services -----------------------------------------------------------------------------------

  /** thread -- the slots in use of a hart, and the signal frames of its thread, are a root; for `threadRegister`. */
  thread(hart: Hart, rank: Rank, { tag, scan }: ThreadOptions): Root {
    aver(scan === undefined || tag === undefined, '<design/root#.if.scanner>');
    const scanner: RootScanner | undefined = scan && ((visit, res) => scan(hart, (slot) => {
      visit(hart.r, slot << 3, hart.isTagged(slot));
      return res();
    }));
    const root = new Root({ rank, name: `thread ${hart.name}`, hart, areas: () => this.arena.plinth.framesOf(hart), tag, scanner });
    this.add(root);
    return root;
  }

  /** add -- take a root that has been made. */
  add(root: Root): void {
    if (root.base < root.limit) for (const { base, limit } of this.all) aver(root.limit <= base || limit <= root.base, '<design/root#.if.overlap>');
    root.owner = this;
    this.all.add(root);
  }

  /** enrol -- add a root and have the ledger charged for it, if that can be. */
  enrol(root: Root): Root | Res {
    const { ledger, grains } = this.arena;
    this.arena.outside();
    if (!ledger.charge(RootRECORD)) return grains.available < RootRECORD ? ResCOMMITLIMIT : ResMEMORY;
    root.charged = RootRECORD;
    this.add(root);
    return root;
  }

  /** destroy -- the same, by the client. */
  destroy(root: Root): void {
    this.arena.outside();
    this.delete(root);
  }

  delete(root: Root): void {
    this.all.delete(root);
    root.owner = null;
    this.arena.ledger.credit(root.charged);
  }

  /** finish -- destroy all roots. */
  finish(): void {
    for (const root of [...this.all]) this.delete(root);
  }

  private make(space: AddressSpace, base: number, limit: number, parts: RootParts): Root | Res {
    const { heap } = this.arena, isExact = parts.rank !== RankAMBIG;
    aver(base % GranuleSIZE === 0 && limit % GranuleSIZE === 0 && base < limit, '<design/root#.if.bounds>');
    const areas = (): ReturnType<typeof granulesOf> => granulesOf(heap, space, base, limit, isExact);
    this.insist(base, limit);
    const root = new Root({ ...parts, base, limit, areas });
    if (isExact && parts.scanner === undefined) this.insistValid(root);
    return this.enrol(root);
  }

  /** insist -- a range is none of the arena's memory but what a manual pool has given to the client. */
  private insist(base: number, limit: number): void {
    const { heap, grains } = this.arena;
    for (let at = base; at < limit; at = (Math.floor(at / PageSIZE) + 1) * PageSIZE) {
      const seg = heap.segOf(at | 0);
      aver(seg === null ? !grains.contains(at) : isClients(seg), '<design/root#.if.outside>');
    }
  }

  /** insistValid -- references of an exact root are to objects. */
  private insistValid(root: Root): void {
    const { heap, grains } = this.arena;
    root.each(heap.i32, heap.tags, (w, at, isTagged) => {
      const bounds = w[at + 2];
      if (!isTagged || w[at + 1] !== WindowHIGH || !baseIsNear(bounds)) return;
      const base = baseDecode(w[at], bounds);
      // One to nothing may be at an object's very end <design/authority#.base>.
      if (!grains.contains(base >>> 0) || roomDecode(base, bounds) === 0) return;
      const seg = heap.segOf(base), isPast = seg?.isBuffered(base >>> 0) === true;
      aver(seg !== null && (isPast || !seg.pool.isAutomatic || !heap.isPad(heap.startBefore(seg.granuleOf(base >>> 0)))), '<design/root#.if.valid>');
    });
  }

  private scannerOf(space: AddressSpace, rank: Rank, scan: (view: FormatView) => Res): RootScanner {
    const { heap } = this.arena;
    return (visit, res) => {
      const found = scan(new RootView(heap, space, rank !== RankAMBIG, visit, res));
      return res() === ResOK ? found : res();
    };
  }
}

/** boundsOf -- the range of the capability in a slot, which is in the window, unsigned. */
function boundsOf(hart: Hart, slot: number): { base: number; limit: number } {
  const { r } = hart, c = slot << 3;
  aver(hart.isTagged(slot) && r[c + 1] === WindowHIGH && baseIsNear(r[c + 2]), '<design/root#.if.bounds>');
  const base = baseDecode(r[c], r[c + 2]);
  return { base: base >>> 0, limit: (base >>> 0) + roomDecode(base, r[c + 2]) };
}
