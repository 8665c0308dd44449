/* forge-model.ts: WHAT NO PROGRAM MAY DO
 *
 * A machine in lockstep with a model that has memory, tags, slots and pages of its own. The model says of each access whether it is
 * made and what becomes of it; of each instruction, what its result may be at most. After each step the two are compared, whole
 * <design/control#.test.forge>.
 */
import {
  addrOfWindow, formatOf, HartREGISTERS, Machine, MachineFault, PageALL, PageEXECUTE, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP,
  PageTRAPCAP, PageVALID, PageWRITE, pageLoadCap, slotRead, SlotWORDS, slotWrite, WindowHIGH, type AccessKind, type AddressSpace, type BranchState, type Capability, type FaultKind,
  type Format, type FormatName, type Hart, type Memory,
} from '../../code/machine/machine.ts';

/** Pages of memory, and pages of the window: the last is the first frame once more. */
const Frames = 4;
export const Pages: number = Frames + 1;
const MemorySIZE = Frames * PageSIZE;

/** Slots below it have the roots and are never written. */
export const Roots = 7;
/** Those that a program uses. */
export const Slots = 22;
export const PCC = 19, LINK = 20, INVOKED = 21;

export const WindowBASE: bigint = BigInt(WindowHIGH) << 32n;

/** Types that the roots can seal with: those that an authority's address may be. */
export const TypesBASE = 2n, TypesTOP = 66n;

/** Slots that are in use, in bytes: what lies beyond holds nothing that counts <design/machine#.hart.registers>. */
const SlotBYTES = HartREGISTERS * SlotWORDS * 4;

/** The bits of a tag word that accesses ask for. */
const SlotPERMS = 0x7f_0001;

/** must -- a law: fails the test by its name. */
export function must(holds: boolean, law: string): void {
  if (!holds) throw new Error(law);
}

const same = (one: Capability, other: Capability): boolean => one.hi === other.hi && one.lo === other.lo && one.tag === other.tag;

/** rootsOf -- what a program has at first: data, code, types, a stack, data to look at, the whole space for nothing, data without tags. */
function rootsOf(format: Format): Capability[] {
  const p = format.perm, data = p.global | p.load | p.store | p.loadCap | p.storeCap | p.storeLocal | p.mutableLoad | p.invoke;
  const make = (base: bigint, top: bigint, perms: number, address = base): Capability =>
    format.encode({ base, top }, address, perms, format.types.unsealed, 0n, true).cap;
  const W = WindowBASE;
  return [
    make(W, W + 0x2000n, data & ~p.storeLocal),
    make(W + 0x2000n, W + 0x4000n, p.global | p.execute | p.load | p.loadCap | p.mutableLoad | p.invoke | p.executive),
    make(TypesBASE, TypesTOP, p.global | p.seal | p.unseal, 5n),
    make(W + 0x1000n, W + 0x3000n, data & ~p.global),
    make(W, W + 0x5000n, p.global | p.load | p.loadCap),
    make(0n, 1n << 64n, p.user0 | p.global, W),
    make(W, W + 0x5000n, p.global | p.load | p.store | p.storeLocal | p.mutableLoad),
  ];
}

/** A machine and its model. */
export class World {
  readonly format: Format;
  readonly memory: Memory;
  readonly space: AddressSpace;
  readonly hart: Hart;
  /** Another hart, to decode words with. */
  private readonly other: Hart;
  readonly roots: readonly Capability[];
  readonly state: BranchState & { sealsLinks: boolean } = { isC64: false, sealsLinks: false };
  /** How often each thing has happened. */
  readonly counts: Map<string, number> = new Map<string, number>();

  // The model.
  private readonly bytes = new Uint8Array(MemorySIZE);
  private readonly words: DataView = new DataView(this.bytes.buffer);
  private readonly tags = new Uint8Array(MemorySIZE / 16);
  private readonly r: Int32Array;
  private readonly pages: number[] = [];

  constructor(name: FormatName, isShared: boolean) {
    const machine = new Machine(MemorySIZE, { format: name, isShared });
    this.memory = machine.memory;
    this.space = machine.space();
    this.hart = machine.hart('forger', this.space, 64);
    this.other = machine.hart('decoder', this.space, 64);
    this.format = formatOf(this.hart);
    this.roots = rootsOf(this.format);
    this.r = new Int32Array(this.hart.r.length);
  }

  /** begin -- everything as at first. */
  begin(): void {
    this.memory.u8.fill(0);
    this.memory.tags.fill(0);
    this.bytes.fill(0);
    this.tags.fill(0);
    this.hart.r.fill(0);
    this.roots.forEach((root, slot) => { slotWrite(this.hart, slot, root); });
    this.r.set(this.hart.r);
    this.hart.generationSet(0);
    this.state.isC64 = this.state.sealsLinks = false;
    for (let page = 0; page < Pages; ++page) this.protect(page, PageALL | PageEXECUTE);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  // The operating system ---------------------------------------------------------------------------------------------

  /** protect -- give a page rights; 0 unmaps it. */
  protect(page: number, rights: number): void {
    this.pages[page] = rights === 0 ? 0 : rights | PageVALID;
    if (rights === 0) this.space.unmap(addrOfWindow(page * PageSIZE), PageSIZE);
    else this.space.map(addrOfWindow(page * PageSIZE), PageSIZE, (page % Frames) * PageSIZE, rights);
  }

  private rightsAt(address: bigint): number {
    const page = (address - WindowBASE) >> 12n;
    return page < 0n || page >= BigInt(Pages) ? 0 : this.pages[Number(page)];
  }

  /** physical -- where an address of the window is. */
  physical(address: bigint): number {
    return Number((address - WindowBASE) % BigInt(MemorySIZE));
  }

  // Reading the model ------------------------------------------------------------------------------------------------

  slot(slot: number): Capability {
    const r = this.r, c = slot << 3, pair = (high: number, low: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    return { hi: pair(r[c + 3], r[c + 2]), lo: pair(r[c + 1], r[c]), tag: (r[c + 4] & 1) !== 0 };
  }

  granule(p: number): Capability {
    const at = p & -16;
    return { hi: this.words.getBigUint64(at + 8, true), lo: this.words.getBigUint64(at, true), tag: this.tags[p >>> 4] !== 0 };
  }

  isOpen(cap: Capability): boolean {
    return cap.tag && !this.format.isSealed(cap);
  }

  has(cap: Capability, perms: number): boolean {
    return (this.format.perms(cap) & perms) === perms;
  }

  /** isWithin -- bounds within the other's, and permissions among them. */
  isWithin(cap: Capability, other: Capability): boolean {
    const inner = this.format.bounds(cap), outer = this.format.bounds(other);
    return outer.base <= inner.base && inner.base <= inner.top && inner.top <= outer.top && this.has(other, this.format.perms(cap));
  }

  /** taggedIn -- the addresses within a capability's bounds at which there are tagged granules. */
  taggedIn(cap: Capability): bigint[] {
    const { base, top } = this.format.bounds(cap), found: bigint[] = [];
    for (let g = this.tags.indexOf(1); g >= 0; g = this.tags.indexOf(1, g + 1)) {
      for (const address of [WindowBASE + BigInt(16 * g), WindowBASE + BigInt(16 * g + MemorySIZE)]) {
        if (address >= base && address + 16n <= top) found.push(address);
      }
    }
    return found;
  }

  // Judging ----------------------------------------------------------------------------------------------------------

  /** refuses -- what an access through a capability must be refused for. */
  refuses(cap: Capability, access: AccessKind, offset: number, size: number, value: Capability = this.format.nullAt(0n)): FaultKind | null {
    const address = BigInt.asUintN(64, cap.lo + BigInt(offset));
    return this.capRefuses(cap, access, address, size, value)
      ?? (address % BigInt(size) !== 0n ? 'misaligned' : this.pageRefuses(cap, access, address, value));
  }

  /** What the capability decides, written anew: not as the machine has it. */
  private capRefuses(cap: Capability, access: AccessKind, address: bigint, size: number, value: Capability): FaultKind | null {
    const { format, format: { perm, name } } = this, { base, top } = format.bounds(cap);
    const outside = address < base || address + BigInt(size) > top ? 'bounds' : null;
    const lacks = (bit: number, kind: FaultKind): FaultKind | null => (this.has(cap, bit) ? null : kind);
    if (!cap.tag) return 'tag';
    if (format.isSealed(cap)) return 'seal';
    const store = lacks(perm.store, 'store') ?? (value.tag ? lacks(perm.storeCap, 'storecap') : null)
      ?? (value.tag && !this.has(value, perm.global) ? lacks(perm.storeLocal, 'storelocal') : null);
    switch (access) {
      case 'fetch': return lacks(perm.execute, 'execute') ?? outside;
      case 'store': case 'storecap': return store ?? outside;
      case 'amo': case 'swapcap': return lacks(perm.load, 'load') ?? (name === 'morello' ? outside : null) ?? store ?? outside;
      case 'loadtags': return lacks(perm.load, 'load') ?? (name === 'riscv' ? lacks(perm.loadCap, 'loadcap') : null) ?? outside;
      default: return lacks(perm.load, 'load') ?? outside;
    }
  }

  private pageRefuses(cap: Capability, access: AccessKind, address: bigint, value: Capability): FaultKind | null {
    const rights = this.rightsAt(address), reads = access !== 'store' && access !== 'storecap' && access !== 'fetch';
    const writes = access !== 'load' && access !== 'loadcap' && access !== 'loadtags' && access !== 'fetch';
    const need = PageVALID | (reads ? PageREAD : 0) | (writes ? PageWRITE : 0) | (access === 'fetch' ? PageEXECUTE : 0);
    if ((rights & need) !== need) return 'page';
    if (value.tag && (rights & PageSTORECAP) === 0) return 'page-storecap';
    if (access === 'loadtags') return this.format.name === 'riscv' && (rights & (PageLOADCAP | PageTRAPCAP)) === 0 ? 'page-loadcap' : null;
    if (access !== 'loadcap' && access !== 'swapcap') return null;
    const isAdmitted = (rights & pageLoadCap(this.hart.generation)) !== 0 || (rights & (PageLOADCAP | PageTRAPCAP)) === 0;
    const wouldArrive = this.has(cap, this.format.perm.loadCap) && this.granule(this.physical(address)).tag;
    return wouldArrive && !isAdmitted ? 'page-loadcap' : null;
  }

  /** loads -- what a slot receives when a capability is loaded, which may be. */
  loads(cap: Capability, offset: number): Capability {
    const address = cap.lo + BigInt(offset), memory = this.granule(this.physical(address));
    const isStripped = (this.rightsAt(address) & PageLOADCAP) === 0, cleared = { ...memory, tag: memory.tag && !isStripped };
    return this.format.loaded(cleared, cap);
  }

  /** try -- do what must be refused for `expected`, or not at all; whether it was done. */
  try(what: string, expected: FaultKind | null, act: () => void): boolean {
    let met: FaultKind | null = null;
    try {
      act();
    } catch (error) {
      if (!(error instanceof MachineFault)) throw error;
      met = error.fault.kind;
    }
    must(met === expected, `${what} is refused for ${String(met)} where the model says ${String(expected)}`);
    this.count(met === null ? what : `fault ${met}`);
    return met === null;
  }

  // Changing the model -----------------------------------------------------------------------------------------------

  /** becomes -- a slot has exactly this now. */
  becomes(slot: number, cap: Capability): void {
    must(same(slotRead(this.hart, slot), cap), `slot ${slot} is not what the model says`);
    this.accept(slot);
  }

  /** accept -- a slot may have what it has: within a root, and decoded. */
  accept(slot: number): Capability {
    const cap = slotRead(this.hart, slot), c = slot << 3, r = this.hart.r;
    this.isDecoded(slot, cap);
    this.isRooted(cap);
    this.r.set(r.subarray(c, c + 8), c);
    return cap;
  }

  private isDecoded(slot: number, cap: Capability): void {
    const { hart: { r }, other, format } = this, c = slot << 3, { base, top } = format.bounds(cap);
    must((r[c + 4] & SlotPERMS) === (cap.tag ? format.slotPerms(cap) | 1 : 0), 'a tag word is not what the bits say <design/machine#.inv.slot.decoded>');
    for (const [at, perm] of [[c + 5, format.perm.load], [c + 6, format.perm.store]] as const) {
      const isRoom = this.isOpen(cap) && this.has(cap, perm) && base <= cap.lo && BigInt(r[at]) === top - cap.lo && cap.lo >> 32n === BigInt(WindowHIGH);
      must(r[at] === 0 || (r[at] > 0 && isRoom), 'a room is more than the bits say <design/machine#.inv.slot.decoded>');
      if (r[at] !== 0) this.count('room');
    }
    other.set(0, r[c], r[c + 1], r[c + 2], r[c + 3]);
    if (cap.tag) other.decode(0);
    must(other.r[4] === r[c + 4] && other.r[5] === r[c + 5] && other.r[6] === r[c + 6], 'a slot is not decoded <design/machine#.inv.slot.decoded>');
  }

  /** isRooted -- a tagged capability has no authority that no root has, and no type that no root can give. */
  private isRooted(cap: Capability): void {
    if (!cap.tag) return;
    const { format } = this, type = BigInt(format.type(cap));
    must(this.roots.some((root) => this.isWithin(cap, root)), 'authority beyond the roots <design/capability#.inv.monotonic>');
    const isGiven = !format.isSealed(cap) || format.isSentry(cap) || (type >= TypesBASE && type < TypesTOP);
    must(isGiven, 'a type beyond the roots <design/capability#.inv.monotonic>');
  }

  /** stored -- the model's memory after data was stored: the granule has no tag. */
  stored(p: number, data: ArrayLike<number>): void {
    this.bytes.set(data, p);
    if (this.tags[p >>> 4] !== 0) this.count('cleared');
    this.tags[p >>> 4] = 0;
  }

  /** storedCap -- and after a capability was. */
  storedCap(p: number, cap: Capability): void {
    this.words.setBigUint64(p, cap.lo, true);
    this.words.setBigUint64(p + 8, cap.hi, true);
    if (this.tags[p >>> 4] !== 0 && !cap.tag) this.count('cleared');
    this.tags[p >>> 4] = cap.tag ? 1 : 0;
    if (cap.tag) this.count('tag stored');
  }

  /** copied -- a copy of unknown extent may have changed `size` bytes at these places: nothing else, and tags only where a granule of the
   * source had them, and arrives by the rules. */
  copied(to: readonly number[], from: readonly number[], authority: Capability): void {
    const { memory } = this, sources = new Set<string>();
    for (const p of from) {
      const cap = this.format.loaded(this.granule(p), authority);
      if (cap.tag) sources.add(`${cap.hi} ${cap.lo}`);
    }
    for (const p of new Set(to)) {
      const g = p >>> 4, before = this.granule(p);
      this.bytes[p] = memory.u8[p];
      if (memory.tags[g] === 0) this.tags[g] = 0;
      else if (!before.tag || !this.sees(p, before)) this.isCopy(p, sources);
    }
    this.compare('a copy');
  }

  private sees(p: number, cap: Capability): boolean {
    return same(this.machineGranule(p), cap);
  }

  private isCopy(p: number, sources: ReadonlySet<string>): void {
    const cap = this.machineGranule(p);
    must(sources.has(`${cap.hi} ${cap.lo}`), 'a copied tag has no source <design/machine#.inv.tag.data>');
    this.storedCap(p & -16, cap);
    this.count('tag copied');
  }

  private machineGranule(p: number): Capability {
    const view = new DataView(this.memory.u8.buffer, p & -16, 16);
    return { hi: view.getBigUint64(8, true), lo: view.getBigUint64(0, true), tag: this.memory.tags[p >>> 4] !== 0 };
  }

  // Comparing --------------------------------------------------------------------------------------------------------

  /** compare -- machine and model are the same, to the last bit. */
  compare(step: string): void {
    must(Buffer.compare(this.memory.u8, this.bytes) === 0, `after ${step}, memory is not what the model says`);
    must(Buffer.compare(this.memory.tags, this.tags) === 0, `after ${step}, tags are not what the model says`);
    must(this.hart.top === HartREGISTERS, `after ${step}, locals are still claimed`);
    const is = new Uint8Array(this.hart.r.buffer, 0, SlotBYTES), should = new Uint8Array(this.r.buffer, 0, SlotBYTES);
    must(Buffer.compare(is, should) === 0, `after ${step}, slots are not what the model says`);
  }

  /** sweep -- whatever is tagged, and wherever, is within a root. */
  sweep(): void {
    for (let slot = 0; slot < Slots; ++slot) this.isRooted(slotRead(this.hart, slot));
    for (let p = 0; p < MemorySIZE; p += 16) if (this.memory.tags[p >>> 4] !== 0) this.isRooted(this.machineGranule(p));
  }
}
