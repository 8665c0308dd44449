/* narrow.ts: NARROWING, LOOKED AT
 *
 * What CSetBounds or SCBNDS makes of a capability: bounds that may be wider than was asked for, and a tag that may be lost; by how much,
 * and why <design/look#.narrow>.
 */
import { hexText, type Bounds, type Capability, type Format } from '../machine/machine.ts';
import { capLook, type CapLook } from './look.ts';

/** What became of a request for bounds. */
export interface NarrowLook {
  /** What was asked for. */
  readonly request: Bounds;
  readonly result: CapLook;
  readonly exact: boolean;
  /** What the result holds beyond the request, in bytes, at either end; null if it does not hold the request: then it has no tag. */
  readonly below: bigint | null;
  readonly above: bigint | null;
  /** Bounds are exact if the address has no other bits, and the length is so rounded; modulo 2^64. */
  readonly mask: bigint;
  readonly rounded: bigint;
  /** Why the result has no tag; empty if it has one. */
  readonly lost: readonly string[];
}

/** Morello's bounds are decoded without the flags of the address, 63 to 56, if the exponent is below. */
const FlagEXPONENT = 48n;

/** narrowLook -- what narrowing to `length` bytes from the address gives; length below 2^64. */
export function narrowLook(format: Format, cap: Capability, length: bigint): NarrowLook {
  const { cap: made, exact } = format.setBounds(cap, length), result = capLook(format, made), { base, top } = result.fields;
  const from = capLook(format, cap).place, request = { base: from, top: from + length };
  const holds = base <= request.base && request.top <= top;
  return {
    request, result, exact, below: holds ? request.base - base : null, above: holds ? top - request.top : null,
    mask: format.lengthMask(length), rounded: format.lengthRound(length), lost: lossesOf(format, cap, request, made),
  };
}

/** lossesOf -- a line for each thing that costs the tag. */
function lossesOf(format: Format, cap: Capability, request: Bounds, made: Capability): string[] {
  const { base, top, exponent, valid } = format.fields(cap), lost: string[] = [];
  if (!cap.tag) lost.push('it had none');
  if (format.isSealed(cap)) lost.push('the capability is sealed');
  if (!valid) lost.push('its bounds are invalid');
  if (request.base < base) lost.push(`it begins ${bytes(base - request.base)} below the base`);
  if (request.top > top) lost.push(`it ends ${bytes(request.top - top)} beyond the top`);
  const loses = format.name === 'morello' && exponent >= FlagEXPONENT && format.fields(made).exponent < FlagEXPONENT;
  if (loses && BigInt.asIntN(56, cap.lo) !== BigInt.asIntN(64, cap.lo)) lost.push('the address has flags, and bounds so narrow leave flags out');
  return lost;
}

const bytes = (size: bigint): string => (size === 1n ? '1 byte' : `${hexText(size)} bytes`);
