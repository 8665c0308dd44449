/* history.ts: WHERE THINGS HAVE MOVED
 *
 * Which zones hold what a flip may have moved, for the last four epochs and for all time before: what location dependencies are held
 * against <design/ld>. The words are shared, and are read without the arena's lock.
 */
import { ZoneSetEMPTY, zoneSetOfRange, type ZoneSet } from '../arena/zone.ts';
import type { Seg } from '../heap/seg.ts';

/** How many epochs are told apart. */
export const HistoryLENGTH = 4;

/** The words: a count that is odd while it is being aged, what has ever moved, and by epoch modulo four what has moved since. */
const SEQUENCE = 0;
const PREHISTORY = 1;
const ENTRIES = 2;

/** The history of an arena's moves. */
export class History {
  private readonly words: Int32Array = new Int32Array(new SharedArrayBuffer((ENTRIES + HistoryLENGTH) * 4));

  /** How many flips there have been in which anything might have moved (mps_collections). */
  get epoch(): number {
    return this.sequence >>> 1;
  }

  /** Twice the epoch, and one more while that changes. */
  get sequence(): number {
    return Atomics.load(this.words, SEQUENCE) >>> 0;
  }

  /** age -- a flip may move what is in some zones; the mutators are not running yet <design/ld#.inv.age>. */
  age(zones: ZoneSet): void {
    if (zones === ZoneSetEMPTY) return;
    const { words } = this, epoch = this.epoch;
    Atomics.add(words, SEQUENCE, 1);
    // From the oldest epoch that is told apart nobody needs to know any more: its entry is the new epoch's.
    Atomics.store(words, ENTRIES + (epoch % HistoryLENGTH), ZoneSetEMPTY);
    for (let entry = 0; entry < HistoryLENGTH; ++entry) Atomics.or(words, ENTRIES + entry, zones);
    Atomics.or(words, PREHISTORY, zones);
    Atomics.add(words, SEQUENCE, 1);
  }

  /** since -- the zones of what may have moved since an epoch, or ever; null while that changes <design/ld#.inv.read>. */
  since(epoch: number): ZoneSet | null {
    const before = this.sequence, age = ((before >>> 1) - epoch) & 0x7fff_ffff;
    if ((before & 1) !== 0) return null;
    if (age === 0) return ZoneSetEMPTY;
    const zones = Atomics.load(this.words, age > HistoryLENGTH ? PREHISTORY : ENTRIES + (epoch % HistoryLENGTH));
    return this.sequence === before ? zones : null;
  }
}

/** movingZones -- where those of some segments are whose objects may move. */
export function movingZones(segs: readonly Seg[], zoneShift: number): ZoneSet {
  let zones: ZoneSet = ZoneSetEMPTY;
  for (const { pool, large, base, limit } of segs) {
    if (pool.isMoving && !large) zones |= zoneSetOfRange(base, limit, zoneShift);
  }
  return zones;
}
