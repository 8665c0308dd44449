/* look.ts: A CAPABILITY, LOOKED AT
 *
 * What 128 bits and a tag say, taken apart for people: fields, the addresses that keep bounds and tag, and what no derivation would
 * have made <design/look>. Any pattern of bits will do.
 */
import { capIsCanonical, capLength, capText, hexText, permText, type Capability, type Fields, type Format, type FormatName } from '../machine/machine.ts';

/** Addresses [base, base + size), which may go round the end of the space. */
export interface Region {
  readonly base: bigint;
  /** Up to 2^64. */
  readonly size: bigint;
}

/** What can be said of a capability. */
export interface CapLook {
  readonly format: FormatName;
  readonly cap: Capability;
  readonly fields: Fields;
  /** As CheriBSD prints it. */
  readonly text: string;
  /** The architecture's names. */
  readonly perms: string;
  /** Top less base, modulo 2^65. */
  readonly length: bigint;
  /** The address that bounds are decoded with: Morello leaves the flags out <design/look#.place>. */
  readonly place: bigint;
  /** What base and top are multiples of. */
  readonly granule: bigint;
  readonly type: 'unsealed' | 'sentry' | 'sealed';
  /** The addresses with which the bounds are the same <design/look#.region>. */
  readonly region: Region;
  /** Those among them that CSetAddr (SCVALUE) and CIncOffset (ADD) can move to with the tag kept <design/look#.keeps>. */
  readonly set: Region;
  readonly add: Region;
  /** What no derivation makes <design/look#.oddity>. */
  readonly oddities: readonly string[];
}

/** Where the two formats differ. */
interface Shape {
  readonly mantissa: bigint;
  /** Where decoding stops to look at the exponent; from two below, addresses are all representable. */
  readonly most: bigint;
}

const shapes: Readonly<Record<FormatName, Shape>> = {
  riscv: { mantissa: 14n, most: 52n },
  morello: { mantissa: 16n, most: 50n },
};

const SpaceSIZE: bigint = 1n << 64n;
/** Half of the addresses that Morello's bounds tell apart, below and above 0. */
const HalfSIZE: bigint = 1n << 55n;
const nowhere: Region = { base: 0n, size: 0n };

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

/** capLook -- everything that can be said of a capability. */
export function capLook(format: Format, cap: Capability): CapLook {
  const fields = format.fields(cap), { exponent, internal } = fields, { most } = shapes[format.name];
  return {
    format: format.name, cap, fields, text: capText(format, cap), perms: permText(format, fields.perms),
    length: capLength(format, cap), place: placeOf(format, cap, fields),
    granule: internal ? 1n << ((exponent > most ? most : exponent) + 3n) : 1n,
    type: format.isSentry(cap) ? 'sentry' : format.isSealed(cap) ? 'sealed' : 'unsealed',
    ...reachOf(format, cap, fields), oddities: odditiesOf(format, cap, fields),
  };
}

/** regionHas -- whether an address is in a region. */
export const regionHas = ({ base, size }: Region, address: bigint): boolean => wrap(address - base) < size;

/** isEverywhere -- whether all addresses decode the bounds alike, by the exponent alone. */
const isEverywhere = ({ name }: Format, { exponent }: Fields): boolean => exponent >= shapes[name].most - 2n;

/** placeOf -- the address that bounds are decoded with. */
const placeOf = (format: Format, { lo }: Capability, fields: Fields): bigint =>
  (format.name === 'riscv' || isEverywhere(format, fields) ? lo : wrap(BigInt.asIntN(56, lo)));

/** reachOf -- the addresses that keep the bounds, and those that keep the tag. */
function reachOf(format: Format, cap: Capability, fields: Fields): { region: Region; set: Region; add: Region } {
  const { base, b, exponent, valid } = fields, { mantissa } = shapes[format.name];
  if (isEverywhere(format, fields)) {
    const region = { base: 0n, size: SpaceSIZE }, kept = valid ? region : nowhere;
    return { region, set: kept, add: kept };
  }
  const unit = 1n << exponent, eighth = 1n << (mantissa - 3n), place = placeOf(format, cap, fields);
  // One eighth lies below the eighth that holds the base; the fast check cannot see what the address has below its unit.
  const region = { base: wrap(base - ((b % eighth) + eighth) * unit), size: unit << mantissa };
  const fast = { base: wrap(region.base + place % unit), size: region.size - unit };
  if (format.name === 'riscv') return { region, set: region, add: fast };
  const from = place < SpaceSIZE / 2n ? 0n : -HalfSIZE, to = from + HalfSIZE;
  return { region: clip(region, place, -HalfSIZE, HalfSIZE), set: clip(region, place, from, to), add: clip(fast, place, from, to) };
}

/** clip -- what a region around `place` has in [base, limit), which are signed. */
function clip(region: Region, place: bigint, base: bigint, limit: bigint): Region {
  const low = BigInt.asIntN(64, place) - wrap(place - region.base), high = low + region.size;
  const from = low > base ? low : base, to = high < limit ? high : limit;
  return { base: wrap(from), size: to - from };
}

/** odditiesOf -- a line for each thing that no derivation makes. */
function odditiesOf(format: Format, cap: Capability, fields: Fields): string[] {
  const { exponent, base, top, reserved, type, valid } = fields, { most } = shapes[format.name], found: string[] = [];
  if (!valid) found.push(`exponent ${exponent} is above ${most}: the bounds are invalid`);
  else if (exponent > most && !isNull(cap)) found.push(`exponent ${exponent} is above ${most}, ${format.name === 'riscv' ? `and is taken for ${most}` : 'and NULL\'s alone'}`);
  if (top < base) found.push('the top is below the base');
  if (top > SpaceSIZE) found.push('the top is beyond the address space');
  if (reserved !== 0) found.push(`reserved bits 111 and 110 are ${reserved.toString(2).padStart(2, '0')}, not 00`);
  if (format.isSealed(cap) && !format.isSentry(cap) && type > format.types.last) found.push(`object type ${hexText(type)} is reserved`);
  if (found.length === 0 && !isNull(cap) && !capIsCanonical(format, cap)) found.push('narrowing writes these bounds with other bits');
  return found;
}

const isNull = ({ tag, hi }: Capability): boolean => !tag && hi === 0n;
