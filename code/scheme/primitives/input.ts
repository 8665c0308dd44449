/* input.ts: READING FROM PORTS
 *
 * Characters, lines, bytes and data out of the buffer of a string or bytevector port <design/scheme#.port>.
 */
import { SchemeSyntaxError, type Datum } from '../datum.ts';
import { SchemeRaise } from '../errors.ts';
import { BytesBYTES, ConditionREAD, ConstantEOF, KindBYTES, SlotTMP0, StringCHARS } from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import { Reader } from '../reader.ts';
import type { Vm } from '../vm.ts';
import { subbytesTo } from './bytevectors.ts';
import { datumTo } from '../literal.ts';
import { bufferOf, inputOf, PortBINARY, portAdvance, portPlace, PortTEXT } from './ports.ts';
import { copyBytes, lengthIn, rangeOf, sizeOf } from './slots.ts';
import { substringTo } from './strings.ts';

/** one -- `read-char` and its like: the next item, which is consumed or not. */
function one(name: string, bits: number, consume: boolean): Primitive {
  return primitive(name, 0, 1, (vm, base, argc) => {
    if (!inputOf(vm, base, argc, name, 1, bits)) {
      vm.setConstant(base, ConstantEOF);
      return;
    }
    const { at, count } = portPlace(vm, base + 2);
    if (at >= count) {
      vm.setConstant(base, ConstantEOF);
      return;
    }
    bufferOf(vm, SlotTMP0, base + 2);
    if (bits === PortTEXT) vm.setChar(base, vm.hart.load32(SlotTMP0, StringCHARS + 4 * at));
    else vm.setFixnum(base, vm.hart.load8(SlotTMP0, BytesBYTES + at));
    if (consume) portAdvance(vm, base + 2, at + 1);
  });
}

function ready(name: string, bits: number): Primitive {
  return primitive(name, 0, 1, (vm, base, argc) => {
    inputOf(vm, base, argc, name, 1, bits);
    vm.setBoolean(base, true);
  });
}

function readLine(vm: Vm, base: number, argc: number): void {
  const place = inputOf(vm, base, argc, 'read-line', 1, PortTEXT) ? portPlace(vm, base + 2) : { at: 0, count: 0 };
  if (place.at >= place.count) {
    vm.setConstant(base, ConstantEOF);
    return;
  }
  bufferOf(vm, SlotTMP0, base + 2);
  const charAt = (i: number): number => i < place.count ? vm.hart.load32(SlotTMP0, StringCHARS + 4 * i) : -1;
  let limit = place.at;
  while (limit < place.count && charAt(limit) !== 10 && charAt(limit) !== 13) limit += 1;
  const next = charAt(limit) === 13 && charAt(limit + 1) === 10 ? limit + 2 : limit + 1;
  substringTo(vm, base, SlotTMP0, place.at, limit);
  portAdvance(vm, base + 2, Math.min(next, place.count));
}

/** several -- `read-string` and `read-bytevector`. */
function several(name: string, bits: number): Primitive {
  return primitive(name, 1, 2, (vm, base, argc) => {
    const wanted = sizeOf(vm, base + 2, name, 1);
    const place = inputOf(vm, base, argc, name, 2, bits) ? portPlace(vm, base + 3) : { at: 0, count: 0 };
    const limit = Math.min(place.at + wanted, place.count);
    if (wanted > 0 && limit === place.at) {
      vm.setConstant(base, ConstantEOF);
      return;
    }
    if (wanted === 0) {
      if (bits === PortTEXT) vm.makeString(base, '');
      else vm.makeBytes(base, 0, 0);
      return;
    }
    bufferOf(vm, SlotTMP0, base + 3);
    if (bits === PortTEXT) substringTo(vm, base, SlotTMP0, place.at, limit);
    else subbytesTo(vm, base, SlotTMP0, place.at, limit);
    portAdvance(vm, base + 3, limit);
  });
}

function readBytevectorTo(vm: Vm, base: number, argc: number): void {
  const who = 'read-bytevector!', range = rangeOf(vm, base, argc, who, 3, lengthIn(vm, base + 2, who, 1, KindBYTES));
  const place = inputOf(vm, base, argc, who, 2, PortBINARY) ? portPlace(vm, base + 3) : { at: 0, count: 0 };
  const count = Math.min(range.limit - range.base, place.count - place.at);
  if (count <= 0 && range.limit > range.base) {
    vm.setConstant(base, ConstantEOF);
    return;
  }
  bufferOf(vm, SlotTMP0, base + 3);
  copyBytes(vm.hart, base + 2, BytesBYTES + range.base, SlotTMP0, BytesBYTES + place.at, count);
  portAdvance(vm, base + 3, place.at + count);
  vm.setFixnum(base, count);
}

/** The name that positions in read errors give the text of a port. */
const PortFILE = 'port';

/** readDatum -- the next datum of a port's text, and where it ends there; null at the end. */
function readDatum(text: string): { datum: Datum | null; consumed: number } {
  const reader = new Reader(text, PortFILE);
  try {
    const datum = reader.read();
    return { datum, consumed: reader.offset };
  } catch (error) {
    if (error instanceof SchemeSyntaxError) throw new SchemeRaise(ConditionREAD, `read: ${error.message}`, []);
    throw error;
  }
}

function read(vm: Vm, base: number, argc: number): void {
  if (!inputOf(vm, base, argc, 'read', 1, PortTEXT)) {
    vm.setConstant(base, ConstantEOF);
    return;
  }
  const { at, count } = portPlace(vm, base + 2), parts: string[] = [];
  bufferOf(vm, SlotTMP0, base + 2);
  for (let i = at; i < count; i += 1) parts.push(String.fromCodePoint(vm.hart.load32(SlotTMP0, StringCHARS + 4 * i)));
  const text = parts.join(''), { datum, consumed } = readDatum(text);
  // Positions in the host's text count surrogates; those in the port count characters.
  portAdvance(vm, base + 2, at + [...text.slice(0, consumed)].length);
  if (datum === null) vm.setConstant(base, ConstantEOF);
  else datumTo(vm, base, datum);
}

/** Input. */
export const inputPrimitives: readonly Primitive[] = [
  one('read-char', PortTEXT, true), one('peek-char', PortTEXT, false), one('read-u8', PortBINARY, true),
  one('peek-u8', PortBINARY, false), ready('char-ready?', PortTEXT), ready('u8-ready?', PortBINARY),
  primitive('read-line', 0, 1, readLine),
  several('read-string', PortTEXT), several('read-bytevector', PortBINARY),
  primitive('read-bytevector!', 1, 4, readBytevectorTo),
  primitive('read', 0, 1, read),
  primitive('eof-object', 0, 0, (vm, base) => {
    vm.setConstant(base, ConstantEOF);
  }),
  primitive('eof-object?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isConstant(base + 2, ConstantEOF));
  }),
];
