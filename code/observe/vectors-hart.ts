/* vectors-hart.ts: A HART AS A FORMAT
 *
 * Answers what a capability format answers, but as a program would find it out: operands lie in tagged memory, are loaded into slots,
 * an instruction is executed, and its result is stored and read back with its tag <design/look#.route>. What no instruction tells is
 * asked of the codec.
 */
import {
  addrOfWindow, andPerm, build, clearTag, copyType, fieldsOf, incOffset, isInside, isSubset, ladderAt, lengthMask, lengthRound, Machine, morello,
  PageALL, permsOf, riscv, seal, sealEntry, sealIf, setAddress, setBounds, setBoundsExact, setFlags, setHigh, setOffset, slotWrite,
  unseal,
  type AccessKind, type Bounds, type Capability, type FaultKind, type Fields, type Fitted, type Format, type FormatName, type Hart,
  type PermBits, type TypeNumbers,
} from '../machine/machine.ts';
import { vectorAnswer, vectorAuthority, vectorCap, vectorOfCap, type Vector, type VectorRecord } from './vectors.ts';

/** Bytes of memory: a page. */
const MemorySIZE = 4096;
const CapSIZE = 16;

/** Slots: the authority over the memory; what is loaded to look at, operands, and results; and a weakened authority. */
const PAGE = 1;
const ONE = 2;
const OTHER = 3;
const WEAK = 4;

/** The hart adds sizes in plain numbers; larger ones are the codec's. */
const SizeLIMIT: bigint = 1n << 52n;

/** vectorHart -- answers to vectors from a machine of each format. */
export function vectorHart(): (vector: Vector) => VectorRecord {
  const harts = { riscv: new HartFormat(riscv), morello: new HartFormat(morello) } as const;
  return (vector) => {
    const hart = harts[vector.fmt];
    switch (vector.op) {
      // Neither is a format's own, so neither would come by the hart.
      case 'cleartag': return vectorOfCap(hart.clearTag(vectorCap(vector)));
      case 'equalexact': return { equal: hart.isSame(vectorCap(vector), vectorAuthority(vector)) };
      default: return vectorAnswer(vector, hart);
    }
  };
}

class HartFormat implements Format {
  readonly name: FormatName;
  readonly title: string;
  readonly perm: PermBits;
  readonly permNames: readonly (readonly [bit: number, name: string])[];
  readonly types: TypeNumbers;
  private readonly codec: Format;
  private readonly hart: Hart;
  /** The page, by halves of granules; slot n has its operand in granule n. */
  private readonly memory: BigUint64Array;

  constructor(codec: Format) {
    const machine = new Machine(MemorySIZE, { format: codec.name }), space = machine.space(), base = addrOfWindow(0);
    this.codec = codec;
    this.name = codec.name;
    this.title = codec.title;
    this.perm = codec.perm;
    this.permNames = codec.permNames;
    this.types = codec.types;
    space.map(base, MemorySIZE, 0, PageALL);
    this.hart = machine.hart('vectors', space);
    this.memory = new BigUint64Array(this.hart.i32.buffer, 0, MemorySIZE / 8);
    slotWrite(this.hart, PAGE, codec.setBounds(codec.rootAt(BigInt(base)), BigInt(MemorySIZE)).cap);
  }

  // Memory and slots. --------------------------------------------------------------------------------------------------

  /** Write a capability and its tag into the memory, as whoever fills memory does, and load it. */
  private put(cap: Capability, slot: number, authority: number = PAGE): void {
    this.memory[slot << 1] = cap.lo;
    this.memory[(slot << 1) + 1] = cap.hi;
    this.hart.tags[slot] = cap.tag ? 1 : 0;
    this.hart.loadCap(slot, authority, slot * CapSIZE);
  }

  /** Store what is in slot ONE, and read the memory and its tag. */
  private take(): Capability {
    this.hart.storeCap(PAGE, ONE * CapSIZE, ONE);
    return { hi: this.memory[(ONE << 1) + 1], lo: this.memory[ONE << 1], tag: (this.hart.tags[ONE] & 1) !== 0 };
  }

  /** The result of an instruction with one operand beside a capability. */
  private onCap<T>(cap: Capability, instruction: (hart: Hart, dst: number, src: number, operand: T) => void, operand: T): Capability {
    this.put(cap, ONE);
    instruction(this.hart, ONE, ONE, operand);
    return this.take();
  }

  /** The result of an instruction on two capabilities. */
  private onPair(cap: Capability, other: Capability, instruction: (hart: Hart, dst: number, src: number, other: number) => void): Capability {
    this.put(cap, ONE);
    this.put(other, OTHER);
    instruction(this.hart, ONE, ONE, OTHER);
    return this.take();
  }

  // Fields. ------------------------------------------------------------------------------------------------------------
  fields(cap: Capability): Fields {
    this.put(cap, ONE);
    return fieldsOf(this.hart, ONE);
  }

  bounds(cap: Capability): Bounds {
    return this.codec.bounds(cap);
  }

  perms(cap: Capability): number {
    this.put(cap, ONE);
    return permsOf(this.hart, ONE);
  }

  type(cap: Capability): number {
    return this.fields(cap).type;
  }

  type64(cap: Capability): bigint {
    return this.codec.type64(cap);
  }

  flags(cap: Capability): bigint {
    return this.fields(cap).flags;
  }

  isSealed(cap: Capability): boolean {
    return this.codec.isSealed(cap);
  }

  isSentry(cap: Capability): boolean {
    return this.codec.isSentry(cap);
  }

  slotPerms(cap: Capability): number {
    return this.codec.slotPerms(cap);
  }

  // Making. ------------------------------------------------------------------------------------------------------------
  nullAt(address: bigint): Capability {
    this.hart.clear(ONE);
    setAddress(this.hart, ONE, ONE, address);
    return this.take();
  }

  rootAt(address: bigint): Capability {
    return this.onCap(this.codec.rootAt(0n), setAddress, address);
  }

  encode(bounds: Bounds, address: bigint, perms: number, type: number, flags: bigint, tag: boolean): Fitted {
    const { cap, exact } = this.codec.encode(bounds, address, perms, type, flags, tag);
    this.put(cap, ONE);
    return { cap: this.take(), exact };
  }

  // Bounds. ------------------------------------------------------------------------------------------------------------
  setBounds(cap: Capability, length: bigint): Fitted {
    return { cap: this.onCap(cap, setBounds, length), exact: this.codec.setBounds(cap, length).exact };
  }

  setBoundsExact(cap: Capability, length: bigint): Capability {
    return this.onCap(cap, setBoundsExact, length);
  }

  lengthMask(length: bigint): bigint {
    return lengthMask(this.hart, length);
  }

  lengthRound(length: bigint): bigint {
    return lengthRound(this.hart, length);
  }

  lengthMaskLeast(length: bigint): bigint {
    return this.codec.lengthMaskLeast(length);
  }

  lengthRoundLeast(length: bigint): bigint {
    return this.codec.lengthRoundLeast(length);
  }

  // The address. -------------------------------------------------------------------------------------------------------
  incOffset(cap: Capability, increment: bigint): Capability {
    return this.onCap(cap, incOffset, increment);
  }

  setOffset(cap: Capability, offset: bigint): Capability {
    return this.onCap(cap, setOffset, offset);
  }

  setAddress(cap: Capability, address: bigint): Capability {
    return this.onCap(cap, setAddress, address);
  }

  keepsFast(cap: Capability, address: bigint): boolean {
    return this.codec.keepsFast(cap, address);
  }

  keepsExact(cap: Capability, address: bigint): boolean {
    return this.codec.keepsExact(cap, address);
  }

  mayAdd(cap: Capability, address: bigint): boolean {
    // A sealed capability loses its tag whatever the address.
    return this.isSealed(cap) ? this.codec.mayAdd(cap, address) : this.incOffset({ ...cap, tag: true }, address - cap.lo).tag;
  }

  maySet(cap: Capability, address: bigint): boolean {
    return this.isSealed(cap) ? this.codec.maySet(cap, address) : this.setAddress({ ...cap, tag: true }, address).tag;
  }

  // Fields that can only lose. -----------------------------------------------------------------------------------------
  andPerm(cap: Capability, mask: number): Capability {
    return this.onCap(cap, andPerm, mask);
  }

  setFlags(cap: Capability, flags: bigint): Capability {
    return this.onCap(cap, setFlags, flags);
  }

  clearTag(cap: Capability): Capability {
    return this.onCap(cap, clearTag, undefined);
  }

  setHigh(cap: Capability, hi: bigint): Capability {
    return this.onCap(cap, setHigh, hi);
  }

  // Sealing. -----------------------------------------------------------------------------------------------------------
  sealEntry(cap: Capability): Capability {
    return this.onCap(cap, sealEntry, undefined);
  }

  seal(cap: Capability, authority: Capability): Capability {
    return this.onPair(cap, authority, seal);
  }

  sealIf(cap: Capability, authority: Capability): Capability {
    return this.onPair(cap, authority, sealIf);
  }

  unseal(cap: Capability, authority: Capability): Capability {
    return this.onPair(cap, authority, unseal);
  }

  copyType(cap: Capability, source: Capability): Capability {
    return this.onPair(cap, source, copyType);
  }

  build(cap: Capability, authority: Capability): Capability {
    return this.onPair(cap, authority, build);
  }

  // Questions. ---------------------------------------------------------------------------------------------------------
  isInside(cap: Capability, address: bigint, size: bigint): boolean {
    if (size >= SizeLIMIT) return this.codec.isInside(cap, address, size);
    this.put(cap, ONE);
    const { r, isMorello } = this.hart, c = ONE << 3;
    return isInside(isMorello, r[c], r[c + 1], r[c + 2], wordOf(address), wordOf(address >> 32n), Number(size));
  }

  /** Whether all bits and the tags are the same. */
  isSame(cap: Capability, other: Capability): boolean {
    this.put(cap, ONE);
    this.put(other, OTHER);
    return this.hart.isSame(ONE, OTHER);
  }

  isSubset(cap: Capability, other: Capability): boolean {
    this.put(cap, ONE);
    this.put(other, OTHER);
    return isSubset(this.hart, ONE, OTHER);
  }

  loaded(memory: Capability, authority: Capability): Capability {
    // The page, with the permissions of the authority; without LOAD there would be nothing to filter.
    andPerm(this.hart, WEAK, PAGE, this.codec.perms(authority) | this.perm.load);
    this.put(memory, ONE, WEAK);
    return this.take();
  }

  refuses(cap: Capability, address: bigint, access: AccessKind, size: bigint, value: Capability): FaultKind | null {
    if (size >= SizeLIMIT) return this.codec.refuses(cap, address, access, size, value);
    this.put(cap, ONE);
    this.put(value, OTHER);
    const { hart } = this, isCap = access === 'loadcap' || access === 'storecap' || access === 'swapcap';
    const valueTag = access === 'storecap' || access === 'swapcap' ? hart.r[(OTHER << 3) + 4] : 0;
    const found = ladderAt(hart, access, ONE, wordOf(address), wordOf(address >> 32n), Number(size), valueTag);
    if (typeof found === 'number' || found.kind.startsWith('page') || (found.kind === 'misaligned' && !isCap)) return null;
    return found.kind;
  }
}

const wordOf = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
