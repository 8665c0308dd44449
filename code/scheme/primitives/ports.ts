/* ports.ts: PORTS
 *
 * A port is an object of the heap with its buffer, a string or a bytevector, beside it <design/scheme#.port>:
 *
 *     word 1 of the header    PortINPUT and on, as bits         PortBUFFER    string or bytevector; for the console, nothing
 *     word 2                  input: the next item to be read
 *     word 3                  items in the buffer
 *
 * There are no files. The console is an output port whose text goes to the runtime's output; as an input port it is at its
 * end from the beginning.
 */
import {
  BytesBYTES, ConstantUNSPECIFIC, HeaderFOURTH, HeaderLENGTH, HeaderTHIRD, KindBYTES, KindPORT, KindSTRING,
  ObjectMIN, PairCAR, PairCDR, SlotPARAMS, SlotTMP5, SlotTMP6, SlotTMP7, StringCHARS, ValueSIZE,
} from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { subbytesTo } from './bytevectors.ts';
import { copyBytes, copyWords } from './slots.ts';
import { substringTo } from './strings.ts';

export const PortINPUT = 1;
export const PortOUTPUT = 2;
export const PortTEXT = 4;
export const PortBINARY = 8;
export const PortOPEN = 16;
export const PortCONSOLE = 32;

const PortBUFFER = 16;
/** Items a new output buffer has room for. */
const BufferFIRST = 64;

/** The pair that the parameters current-output-port and current-input-port are known by <design/scheme#.parameter>. */
const OutputCELL = '%output-cell';
const InputCELL = '%input-cell';

/** makePort -- dst := a port of these bits, its buffer the value of slot `buffer`. */
function makePort(vm: Vm, dst: number, bits: number, buffer: number, count: number): void {
  const hart = vm.hart, port = SlotTMP7;
  do {
    vm.allocate(port, ObjectMIN);
    vm.header(port, KindPORT, bits | PortOPEN, 0, count);
    hart.storeCap(port, PortBUFFER, buffer);
    vm.blank(port, PortBUFFER + ValueSIZE);
  } while (!vm.commit(port));
  hart.move(dst, port);
  hart.clear(port);
}

/** portBits -- what the port in a slot is; 0 for a value that is none. */
function portBits(vm: Vm, slot: number): number {
  return vm.kindOf(slot) === KindPORT ? vm.hart.load32(slot, HeaderLENGTH) : 0;
}

/** takePort -- the port in a slot has all of `bits` and is open, or the error of `who`. */
export function takePort(vm: Vm, slot: number, who: string, index: number, bits: number): number {
  const have = portBits(vm, slot);
  if ((have & bits) !== bits) {
    const sort = (bits & PortBINARY) !== 0 ? 'a binary' : (bits & PortTEXT) !== 0 ? 'a textual' : 'an';
    const way = (bits & PortINPUT) !== 0 ? ' input port' : (bits & PortOUTPUT) !== 0 ? ' output port' : ' open port';
    throw vm.wrongType(who, index, slot, sort + way);
  }
  if ((have & PortOPEN) === 0) throw vm.error(`${who}: the port is closed`, slot);
  return have;
}

/** parameterized -- dst := what `parameterize` binds the parameter of this cell to; false if nothing. */
function parameterized(vm: Vm, dst: number, name: string): boolean {
  const hart = vm.hart, rest = SlotTMP5, cell = SlotTMP6;
  if (!vm.isPair(SlotPARAMS)) return false;
  // The slot stands for an argument that was not given: have it among those that are kept.
  if (dst >= hart.top) hart.enter(dst + 1 - hart.top);
  vm.getGlobal(cell, name);
  for (hart.move(rest, SlotPARAMS); vm.isPair(rest); hart.loadCap(rest, rest, PairCDR)) {
    hart.loadCap(dst, rest, PairCAR);
    hart.loadCap(SlotTMP7, dst, PairCAR);
    if (!hart.isSame(SlotTMP7, cell)) continue;
    hart.loadCap(dst, dst, PairCDR);
    return true;
  }
  return false;
}

/** outputOf -- where argument `index` says that output goes: a port in that slot, or the current one; false: the console. */
export function outputOf(vm: Vm, base: number, argc: number, who: string, index: number, bits: number): boolean {
  const slot = base + 1 + index;
  if (argc < index && !parameterized(vm, slot, OutputCELL)) {
    if ((bits & PortBINARY) !== 0) throw vm.error(`${who}: the console is no binary port`);
    return false;
  }
  return (takePort(vm, slot, who, index, PortOUTPUT | bits) & PortCONSOLE) === 0;
}

/** inputOf -- the input port of argument `index`; false: the console, which is at its end. */
export function inputOf(vm: Vm, base: number, argc: number, who: string, index: number, bits: number): boolean {
  const slot = base + 1 + index;
  if (argc < index && !parameterized(vm, slot, InputCELL)) {
    if ((bits & PortBINARY) !== 0) throw vm.error(`${who}: the console is no binary port`);
    return false;
  }
  return (takePort(vm, slot, who, index, PortINPUT | bits) & PortCONSOLE) === 0;
}

// Buffers ------------------------------------------------------------------------------------------------------------

/** bufferOf -- dst := the buffer of a port. */
export function bufferOf(vm: Vm, dst: number, port: number): void {
  vm.hart.loadCap(dst, port, PortBUFFER);
}

/** portPlace -- how far an input port has been read, and how far it goes. */
export function portPlace(vm: Vm, port: number): { at: number; count: number } {
  return { at: vm.hart.load32(port, HeaderTHIRD), count: vm.hart.load32(port, HeaderFOURTH) };
}

/** portAdvance -- go on reading at item `at`. */
export function portAdvance(vm: Vm, port: number, at: number): void {
  vm.hart.store32(port, HeaderTHIRD, at);
}

/** extend -- make room in the output port for `more` items; returns how many it has. SlotTMP5 := its buffer. */
function extend(vm: Vm, port: number, more: number): number {
  const hart = vm.hart, buffer = SlotTMP5, wider = SlotTMP6;
  const count = hart.load32(port, HeaderFOURTH);
  bufferOf(vm, buffer, port);
  const room = vm.lengthOf(buffer);
  if (count + more <= room) return count;
  const text = (hart.load32(port, HeaderLENGTH) & PortTEXT) !== 0, size = Math.max(2 * room, count + more);
  if (text) vm.makeStringFilled(wider, size, 0);
  else vm.makeBytes(wider, size, 0);
  if (text) copyWords(hart, wider, StringCHARS, buffer, StringCHARS, count);
  else copyBytes(hart, wider, BytesBYTES, buffer, BytesBYTES, count);
  hart.storeCap(port, PortBUFFER, wider);
  hart.move(buffer, wider);
  hart.clear(wider);
  return count;
}

/** portWrite -- add text to a textual output port that is not the console. */
export function portWrite(vm: Vm, port: number, text: string): void {
  const hart = vm.hart, points: number[] = [];
  for (const character of text) points.push(character.codePointAt(0) as number);
  const count = extend(vm, port, points.length);
  for (let i = 0; i < points.length; i += 1) hart.store32(SlotTMP5, StringCHARS + 4 * (count + i), points[i]);
  hart.store32(port, HeaderFOURTH, count + points.length);
}

/** portWriteBytes -- add bytes of a bytevector to a binary output port. */
export function portWriteBytes(vm: Vm, port: number, source: number, from: number, length: number): void {
  const count = extend(vm, port, length);
  copyBytes(vm.hart, SlotTMP5, BytesBYTES + count, source, BytesBYTES + from, length);
  vm.hart.store32(port, HeaderFOURTH, count + length);
}

// Procedures ---------------------------------------------------------------------------------------------------------

function asks(name: string, bits: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    vm.setBoolean(base, (portBits(vm, base + 2) & bits) !== 0);
  });
}

function asksOpen(name: string, bits: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    const have = portBits(vm, base + 2);
    if ((have & bits) === 0) throw vm.wrongType(name, 1, base + 2, bits === PortINPUT ? 'an input port' : 'an output port');
    vm.setBoolean(base, (have & PortOPEN) !== 0);
  });
}

function closes(name: string, bits: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    const have = portBits(vm, base + 2);
    if ((have & bits) === 0) throw vm.wrongType(name, 1, base + 2, 'a port of that direction');
    vm.hart.store32(base + 2, HeaderLENGTH, have & ~PortOPEN);
    vm.setConstant(base, ConstantUNSPECIFIC);
  });
}

function opensInput(name: string, kind: number, bits: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    vm.expectKind(name, 1, base + 2, kind);
    makePort(vm, base, PortINPUT | bits, base + 2, vm.lengthOf(base + 2));
  });
}

function opensOutput(name: string, bits: number): Primitive {
  return primitive(name, 0, 0, (vm, base) => {
    if (bits === PortTEXT) vm.makeStringFilled(SlotTMP5, BufferFIRST, 0);
    else vm.makeBytes(SlotTMP5, BufferFIRST, 0);
    makePort(vm, base, PortOUTPUT | bits, SlotTMP5, 0);
  });
}

function gets(name: string, bits: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    const have = portBits(vm, base + 2);
    if ((have & (PortOUTPUT | bits | PortCONSOLE)) !== (PortOUTPUT | bits)) {
      throw vm.wrongType(name, 1, base + 2, bits === PortTEXT ? 'a string output port' : 'a bytevector output port');
    }
    const count = vm.hart.load32(base + 2, HeaderFOURTH);
    bufferOf(vm, SlotTMP5, base + 2);
    if (bits === PortTEXT) substringTo(vm, base, SlotTMP5, 0, count);
    else subbytesTo(vm, base, SlotTMP5, 0, count);
  });
}

/** Ports, but for reading and writing. */
export const portPrimitives: readonly Primitive[] = [
  asks('port?', PortINPUT | PortOUTPUT), asks('input-port?', PortINPUT), asks('output-port?', PortOUTPUT),
  asks('textual-port?', PortTEXT), asks('binary-port?', PortBINARY),
  asksOpen('input-port-open?', PortINPUT), asksOpen('output-port-open?', PortOUTPUT),
  closes('close-port', PortINPUT | PortOUTPUT), closes('close-input-port', PortINPUT), closes('close-output-port', PortOUTPUT),
  opensInput('open-input-string', KindSTRING, PortTEXT), opensInput('open-input-bytevector', KindBYTES, PortBINARY),
  opensOutput('open-output-string', PortTEXT), opensOutput('open-output-bytevector', PortBINARY),
  gets('get-output-string', PortTEXT), gets('get-output-bytevector', PortBINARY),
  primitive('%console', 1, 1, (vm, base) => {
    vm.setConstant(SlotTMP5, ConstantUNSPECIFIC);
    makePort(vm, base, PortTEXT | PortCONSOLE | (vm.isFalse(base + 2) ? PortINPUT : PortOUTPUT), SlotTMP5, 0);
  }),
];
