/* vmix.ts: ADDRESS SPACE
 *
 * Reservations, committing and decommitting by mmap <design/vmix>. A reservation is mapped PROT_NONE with the most that it will ever
 * need as PROT_MAX; committing maps over it what can be used, decommitting PROT_NONE again, and no hole is ever made, so that the
 * same calls are right under PCuABI <design/vmix#.holes>. What authorises them is the capability that mmap returned, kept in a slot that
 * no mutator sees.
 */
import { aver } from '../../base/base.ts';
import { Hart, PageSIZE, SlotSHIFT, slotDecode, slotRead, slotWrite, type Low } from '../../machine/machine.ts';
import {
  MapANON, MapFIXED, MapPRIVATE, MapRUN, ProtEXEC, protMax, ProtNONE, ProtREAD, ProtWRITE, type Process, type Thread,
} from '../../os/os.ts';
import type { Reservation } from '../plinth.ts';

/** The slots of an arena's own: NULL, what is worked with, and from there up a capability for each reservation. */
const SlotNULL = 0;
const SlotWORK = 1;
const SlotFIRST = 2;
const SlotCOUNT = 256;

const MapFLAGS: number = MapANON | MapPRIVATE;
/** Its frames are one run, and there from the first. */
const ReserveFLAGS: number = MapFLAGS | MapRUN;

/** A reservation with the slot that holds the capability for it. */
interface Held {
  readonly base: number;
  readonly limit: number;
  readonly slot: number;
  /** Physical address less low address. */
  readonly delta: number;
  /** Whether it is the client's, whose memory is there all the time. */
  readonly isGiven: boolean;
}

const HeldNONE: Held = { base: 0, limit: 0, slot: SlotNULL, delta: 0, isGiven: false };

/** The reservations of one arena. */
export class Vmix {
  /** Slots that belong to nobody's thread, and are no roots: what they hold are reservations, not objects. */
  readonly hart: Hart;
  private readonly process: Process;
  /** PROT_MAX of the arena's memory <design/protix#.departs.max>. */
  private readonly most: number;
  private held: readonly Held[] = [];
  /** The one that was needed last. */
  private latest: Held = HeldNONE;

  /** `execute`: whether the memory may be made executable <design/protix#.departs.execute>. */
  constructor(process: Process, execute: boolean) {
    this.process = process;
    this.most = ProtREAD | ProtWRITE | (execute ? ProtEXEC : ProtNONE);
    this.hart = new Hart(`${process.name} arena`, process.kernel.memory, process.space, SlotCOUNT);
  }

  /** The ranges that are reserved, low addresses, unsigned. A new list each time that they change: who has the old one may go on
   * reading it <design/protix#.departs.ranges>. */
  get ranges(): readonly { readonly base: number; readonly limit: number }[] {
    return this.held;
  }

  reserve(size: number): Reservation | null {
    const slot = this.freeSlot(), { map } = this.process;
    if (slot < 0) return null;
    if (map.mmap(this.hart, slot, SlotNULL, size, ProtNONE | protMax(this.most), ReserveFLAGS) !== 0) return null;
    const base = this.hart.r[slot << SlotSHIFT], delta = map.deltaOf(base);
    if (delta === null) {
      aver(map.munmap(this.hart, slot, size) === 0, '<design/vmix#.inv.calls>');
      return null;
    }
    this.hold({ base: base >>> 0, limit: (base >>> 0) + size, slot, delta, isGiven: false });
    return { base, size, delta };
  }

  /** adopt -- what the client has mapped: the whole pages of `size` bytes from a slot's address, by its authority <design/vmix#.adopt>. */
  adopt(hart: Hart, from: number, size: number): Reservation | null {
    const slot = this.freeSlot(), { map } = this.process, low = hart.r[from << SlotSHIFT] >>> 0, delta = map.deltaOf(low | 0);
    const base = Math.ceil(low / PageSIZE) * PageSIZE, limit = Math.floor((low + size) / PageSIZE) * PageSIZE;
    if (slot < 0 || delta === null || limit <= base) return null;
    slotWrite(this.hart, slot, slotRead(hart, from));
    this.hart.r[slot << SlotSHIFT] = base;
    slotDecode(this.hart.r, slot << SlotSHIFT);
    if (map.mprotect(this.hart, slot, limit - base, ProtREAD | ProtWRITE) !== 0) return null;
    this.hold({ base, limit, slot, delta, isGiven: true });
    return { base: base | 0, size: limit - base, delta };
  }

  private hold(held: Held): void {
    this.held = [...this.held, held];
  }

  release({ base, size }: Reservation): void {
    const slot = this.authority(base);
    if (!this.latest.isGiven) aver(this.process.map.munmap(this.hart, slot, size) === 0, '<design/vmix#.inv.calls>');
    this.held = this.held.filter((one) => one.base !== base >>> 0);
    this.latest = HeldNONE;
  }

  commit(base: Low, size: number): boolean {
    return this.wiped(base, size) || this.fixed(base, size, ProtREAD | ProtWRITE) === 0;
  }

  decommit(base: Low, size: number): void {
    aver(this.wiped(base, size) || this.fixed(base, size, ProtNONE) === 0, '<design/vmix#.inv.calls>');
  }

  /** wiped -- what a client has given is zero and without tags, and there all the same; false, and nothing done, if it is no client's. */
  private wiped(base: Low, size: number): boolean {
    const { isGiven, delta } = this.holderOf(base >>> 0), { memory } = this.process.kernel, frame = (base + delta) >>> 0;
    if (!isGiven) return false;
    memory.i32.fill(0, frame / 4, (frame + size) / 4);
    memory.tags.fill(0, frame / 16, (frame + size) / 16);
    return true;
  }

  private fixed(base: Low, size: number, prot: number): number {
    const slot = this.authority(base);
    return this.process.map.mmap(this.hart, slot, slot, size, prot | protMax(this.most), MapFLAGS | MapFIXED);
  }

  /** protect -- mprotect [base, base + size), which one reservation holds <design/protix#.fun.set.assume.mprotect>. .critical */
  protect(base: Low, size: number, prot: number): void {
    const errno = this.process.map.mprotect(this.hart, this.authority(base), size, prot);
    aver(errno === 0, '<design/protix#.fun.set.assume.mprotect>');
  }

  /** authority -- a slot with a capability for the reservation that holds `base`, whose address is `base`. */
  private authority(base: Low): number {
    const { r } = this.hart, addr = base >>> 0;
    if (addr < this.latest.base || addr >= this.latest.limit) this.latest = this.holderOf(addr);
    this.hart.move(SlotWORK, this.latest.slot);
    r[SlotWORK << SlotSHIFT] = base;
    slotDecode(r, SlotWORK << SlotSHIFT);
    return SlotWORK;
  }

  private holderOf(addr: number): Held {
    const held = this.held.find((one) => one.base <= addr && addr < one.limit);
    aver(held !== undefined, '<design/vmix#.inv.owned>');
    return held;
  }

  /** inheritance -- what opens, in a child made now, its copy of what is committed: by copies of the capabilities that there are now
   * <design/protix#.fork>. */
  inheritance(): (child: Thread) => void {
    const all = this.held.map(({ base, limit, slot }) => ({ base, limit, cap: slotRead(this.hart, slot) }));
    return ({ hart, process: { map } }) => {
      const entries = map.entries(), slot = hart.enter(1);
      for (const { base, limit, cap } of all) {
        for (const entry of entries) {
          if (entry.base < base || entry.limit > limit || entry.prot === ProtNONE) continue;
          slotWrite(hart, slot, cap);
          hart.r[slot << SlotSHIFT] = entry.base;
          slotDecode(hart.r, slot << SlotSHIFT);
          aver(map.mprotect(hart, slot, entry.limit - entry.base, ProtREAD | ProtWRITE) === 0, '<design/vmix#.inv.calls>');
        }
      }
      hart.leave(slot);
    };
  }

  private freeSlot(): number {
    for (let slot = SlotFIRST; slot < SlotCOUNT; ++slot) if (!this.held.some((one) => one.slot === slot)) return slot;
    return -1;
  }
}
