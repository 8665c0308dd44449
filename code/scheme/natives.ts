/* natives.ts: PROCEDURES OF THE MACHINE'S OWN
 *
 * What needs the frames themselves, assembled by hand from instructions that no program can contain, and primitives over the
 * machine's registers <design/vm#.native>. Names that begin with % are for the prelude.
 */
import { assemble } from './assemble.ts';
import { Code } from './code.ts';
import { word } from './context.ts';
import type { Position } from './datum.ts';
import {
  ClosureCODE, ConstantUNSPECIFIC, ContinuationWINDERS, KindCONTINUATION, SlotHANDLERS, SlotPARAMS, SlotSTUB, SlotVM4, SlotWINDERS,
} from './kinds.ts';
import {
  OpAPPLY, OpAPPLYVALUES, OpCALL, OpCALLCC, OpENTER, OpMOVE, OpREINSTATE, OpUNDERFLOW,
} from './opcodes.ts';
import { primitive, type Primitive } from './primitive.ts';
import type { Vm } from './vm.ts';

const NOWHERE: Position = { file: '', line: 0, column: 0 };

/** nativesDefine -- make the stub, and bind the machine's own procedures. */
export function nativesDefine(vm: Vm): void {
  make(vm, '%stub', 2, (code) => code.emit(OpUNDERFLOW, 0, 0, 0));
  vm.hart.loadCap(SlotSTUB, SlotVM4, ClosureCODE);
  for (const name of ['apply', '%apply']) {
    make(vm, name, 8, (code) => {
      code.emit(OpAPPLY, 0, 0, 0);
    });
    vm.setGlobal(name, SlotVM4);
  }
  for (const name of ['call/cc', 'call-with-current-continuation']) {
    make(vm, name, 8, (code) => {
      code.emitWide(OpENTER, 1, word(8));
      code.emit(OpCALLCC, 0, 0, 0);
    });
    vm.setGlobal(name, SlotVM4);
  }
  make(vm, 'call-with-values', 8, (code) => {
    code.emitWide(OpENTER, 2, word(8));
    code.emit(OpMOVE, word(5), word(2), 0);
    code.emit(OpCALL, word(4), 0, 0);
    code.emit(OpAPPLYVALUES, word(3), word(4), 0);
  });
  vm.setGlobal('call-with-values', SlotVM4);
  make(vm, '%reinstate', 8, (code) => {
    code.emitWide(OpENTER, 2, word(8));
    code.emit(OpREINSTATE, word(2), word(3), 0);
  });
  vm.setGlobal('%reinstate', SlotVM4);
  for (const each of registers) vm.definePrimitive(each);
}

/** make -- leave a closure of hand-made code in SlotVM4. */
function make(vm: Vm, name: string, frame: number, emit: (code: Code) => void): void {
  const code = new Code(name, NOWHERE);
  code.extend(frame);
  emit(code);
  assemble(vm, code, SlotVM4);
}

/** register -- a pair of primitives that read and write one register. */
function register(name: string, slot: number): Primitive[] {
  return [
    primitive(`%${name}`, 0, 0, (vm, base) => vm.hart.move(base, slot)),
    primitive(`%set-${name}!`, 1, 1, (vm, base) => {
      vm.hart.move(slot, base + 2);
      vm.setConstant(base, ConstantUNSPECIFIC);
    }),
  ];
}

const registers: readonly Primitive[] = [
  ...register('handlers', SlotHANDLERS),
  ...register('winders', SlotWINDERS),
  ...register('params', SlotPARAMS),
  primitive('values', 0, -1, (vm, base, argc) => vm.valuesOfSlots(base, base + 2, argc)),
  primitive('%continuation-winders', 1, 1, (vm, base) => {
    vm.expectKind('%continuation-winders', 1, base + 2, KindCONTINUATION);
    vm.hart.loadCap(base, base + 2, ContinuationWINDERS);
  }),
  primitive('%exit', 1, 1, (vm, base) => vm.exit(vm.expectFixnum('exit', 1, base + 2))),
  primitive('%uncaught', 1, 1, (vm, base) => vm.uncaught(base + 2)),
];
