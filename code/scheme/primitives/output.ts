/* output.ts: WRITING TO PORTS
 *
 * `write` and its like, and text and bytes as they are. Text for the console leaves the heap in pieces; text for a string
 * port is added to it once it is whole, because printing allocates nothing <design/scheme#.walk>.
 */
import { ConstantUNSPECIFIC, KindBYTES, KindSTRING, SlotTMP0, StringCHARS } from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { outputOf, PortBINARY, portWrite, portWriteBytes, PortTEXT } from './ports.ts';
import { printTo, type Style } from './printer.ts';
import { byteOf, charOf, lengthIn, rangeOf } from './slots.ts';

function prints(name: string, style: Style): Primitive {
  return primitive(name, 1, 2, (vm, base, argc) => {
    const toPort = outputOf(vm, base, argc, name, 2, PortTEXT), parts: string[] = [];
    const done = printTo(vm, base + 2, style, (text) => {
      if (toPort) parts.push(text);
      else vm.output(text);
    });
    if (!done) throw vm.error(`${name}: the datum is circular, which only write and write-shared can print`);
    if (toPort) portWrite(vm, base + 3, parts.join(''));
    vm.setConstant(base, ConstantUNSPECIFIC);
  });
}

/** emit -- text to the port that argument `index` names. */
function emit(vm: Vm, base: number, argc: number, who: string, index: number, text: string): void {
  if (outputOf(vm, base, argc, who, index, PortTEXT)) portWrite(vm, base + 1 + index, text);
  else vm.output(text);
  vm.setConstant(base, ConstantUNSPECIFIC);
}

function writeString(vm: Vm, base: number, argc: number): void {
  const range = rangeOf(vm, base, argc, 'write-string', 3, lengthIn(vm, base + 2, 'write-string', 1, KindSTRING));
  const parts: string[] = [];
  for (let i = range.base; i < range.limit; i += 1) {
    parts.push(String.fromCodePoint(vm.hart.load32(base + 2, StringCHARS + 4 * i)));
  }
  emit(vm, base, argc, 'write-string', 2, parts.join(''));
}

function writeBytevector(vm: Vm, base: number, argc: number): void {
  const range = rangeOf(vm, base, argc, 'write-bytevector', 3, lengthIn(vm, base + 2, 'write-bytevector', 1, KindBYTES));
  outputOf(vm, base, argc, 'write-bytevector', 2, PortBINARY);
  portWriteBytes(vm, base + 3, base + 2, range.base, range.limit - range.base);
  vm.setConstant(base, ConstantUNSPECIFIC);
}

/** Output. */
export const outputPrimitives: readonly Primitive[] = [
  prints('write', { write: true, labels: 'cycles' }),
  prints('write-shared', { write: true, labels: 'shared' }),
  prints('write-simple', { write: true, labels: 'none' }),
  prints('display', { write: false, labels: 'cycles' }),
  primitive('newline', 0, 1, (vm, base, argc) => {
    emit(vm, base, argc, 'newline', 1, '\n');
  }),
  primitive('write-char', 1, 2, (vm, base, argc) => {
    emit(vm, base, argc, 'write-char', 2, String.fromCodePoint(charOf(vm, base + 2, 'write-char', 1)));
  }),
  primitive('write-string', 1, 4, writeString),
  primitive('write-u8', 1, 2, (vm, base, argc) => {
    const byte = byteOf(vm, base + 2, 'write-u8', 1);
    outputOf(vm, base, argc, 'write-u8', 2, PortBINARY);
    vm.makeBytes(SlotTMP0, 1, byte);
    portWriteBytes(vm, base + 3, SlotTMP0, 0, 1);
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
  primitive('write-bytevector', 1, 4, writeBytevector),
  primitive('flush-output-port', 0, 1, (vm, base, argc) => {
    outputOf(vm, base, argc, 'flush-output-port', 1, 0);
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
];
