/* control.ts: TRUTH, PROCEDURES, PROMISES, ERRORS
 *
 * What the prelude's control procedures rest on <design/scheme#.control>. The states of a promise: 0 its value is the thunk of
 * `delay`, 1 forced, 2 its value is the promise that stands for it, 3 the thunk of `delay-force` <design/scheme#.promise>.
 */
import {
  ClosureCODE, ClosureFREE, ConditionFILE, ConditionIRRITANTS, ConditionMESSAGE, ConditionREAD, ConditionTYPE,
  ConstantFALSE, ConstantNULL, ConstantTRUE, ConstantUNSPECIFIC, HeaderLENGTH, HeaderTHIRD, KindCLOSURE, KindCONDITION,
  KindCONTINUATION, KindENVIRONMENT, KindPRIMITIVE, KindPROMISE, KindSTRING, ObjectMIN, PromiseSIZE, PromiseVALUE, SlotTMP0,
  SlotTMP1, ValueSIZE,
} from '../kinds.ts';
import { SchemeFEATURES } from '../library.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { show } from './printer.ts';

function isBoolean(vm: Vm, slot: number): boolean {
  return vm.isConstant(slot, ConstantTRUE) || vm.isConstant(slot, ConstantFALSE);
}

/** isProcedure -- whether the value of a slot can be called. */
function isProcedure(vm: Vm, slot: number): boolean {
  const kind = vm.kindOf(slot);
  return kind === KindCLOSURE || kind === KindPRIMITIVE || kind === KindCONTINUATION;
}

const truth: readonly Primitive[] = [
  primitive('not', 1, 1, (vm, base) => {
    vm.sound(base + 2);
    vm.setBoolean(base, vm.isFalse(base + 2));
  }),
  primitive('boolean?', 1, 1, (vm, base) => {
    vm.sound(base + 2);
    vm.setBoolean(base, isBoolean(vm, base + 2));
  }),
  primitive('boolean=?', 1, -1, (vm, base, argc) => {
    let same = true;
    for (let i = 0; i < argc; i += 1) {
      if (!isBoolean(vm, base + 2 + i)) throw vm.wrongType('boolean=?', i + 1, base + 2 + i, 'a boolean');
      same &&= vm.hart.isSame(base + 2, base + 2 + i);
    }
    vm.setBoolean(base, same);
  }),
  primitive('procedure?', 1, 1, (vm, base) => {
    vm.setBoolean(base, isProcedure(vm, base + 2));
  }),
  primitive('%check-procedure', 3, 3, (vm, base) => {
    if (!isProcedure(vm, base + 3)) {
      throw vm.wrongType(vm.symbolName(base + 2), vm.fixnum(base + 4), base + 3, 'a procedure');
    }
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
  primitive('features', 0, 0, (vm, base) => {
    vm.setConstant(SlotTMP0, ConstantNULL);
    for (const feature of [...SchemeFEATURES].reverse()) {
      vm.intern(SlotTMP1, feature);
      vm.cons(SlotTMP0, SlotTMP1, SlotTMP0);
    }
    vm.hart.move(base, SlotTMP0);
  }),
];

// Parameters and environments ----------------------------------------------------------------------------------------

/** freeOf -- the first free value of a closure that has the code of another one, else #f <design/scheme#.parameter>. */
function freeOf(vm: Vm, base: number): void {
  const hart = vm.hart;
  vm.setBoolean(base, false);
  if (vm.kindOf(base + 2) !== KindCLOSURE || hart.load32(base + 2, HeaderLENGTH) === 0) return;
  hart.loadCap(SlotTMP0, base + 2, ClosureCODE);
  hart.loadCap(SlotTMP1, base + 3, ClosureCODE);
  const entry = hart.load32(base + 2, HeaderTHIRD) === hart.load32(base + 3, HeaderTHIRD);
  if (entry && hart.isSame(SlotTMP0, SlotTMP1)) hart.loadCap(base, base + 2, ClosureFREE);
}

const environments: readonly Primitive[] = [
  primitive('%free-of', 2, 2, freeOf),
  primitive('environment', 0, -1, (vm, base) => {
    do {
      vm.allocate(base, ObjectMIN);
      vm.header(base, KindENVIRONMENT, 0, 0, 0);
      vm.blank(base, ValueSIZE);
    } while (!vm.commit(base));
  }),
  primitive('%environment?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindENVIRONMENT));
  }),
];

// Promises -----------------------------------------------------------------------------------------------------------

const PromiseTHUNK = 0;
const PromiseFORCED = 1;
const PromiseELSEWHERE = 2;
const PromiseCHAIN = 3;

/** makePromise -- dst := a promise with the value of another slot. */
function makePromise(vm: Vm, dst: number, state: number, value: number): void {
  do {
    vm.allocate(dst, PromiseSIZE);
    vm.header(dst, KindPROMISE, 0, state, 0);
    vm.hart.storeCap(dst, PromiseVALUE, value);
    vm.blank(dst, PromiseVALUE + ValueSIZE);
  } while (!vm.commit(dst));
}

function makes(name: string, state: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    makePromise(vm, base, state, base + 2);
  });
}

/** adopt -- the unforced promise in base + 2 takes over what the one in base + 3 is; the latter refers to it from now on. */
function adopt(vm: Vm, base: number): void {
  const hart = vm.hart, from = SlotTMP0;
  hart.move(from, base + 3);
  if (vm.kindOf(from) !== KindPROMISE) throw vm.wrongType('force', 1, from, 'a promise from delay-force');
  while (hart.load32(from, HeaderTHIRD) === PromiseELSEWHERE) hart.loadCap(from, from, PromiseVALUE);
  vm.setConstant(base, ConstantUNSPECIFIC);
  if (hart.isSame(from, base + 2) || hart.load32(base + 2, HeaderTHIRD) === PromiseFORCED) return;
  const state = hart.load32(from, HeaderTHIRD);
  hart.loadCap(SlotTMP1, from, PromiseVALUE);
  hart.storeCap(base + 2, PromiseVALUE, SlotTMP1);
  hart.store32(base + 2, HeaderTHIRD, state);
  if (state === PromiseFORCED) return;
  hart.storeCap(from, PromiseVALUE, base + 2);
  hart.store32(from, HeaderTHIRD, PromiseELSEWHERE);
}

const promises: readonly Primitive[] = [
  makes('%delay', PromiseTHUNK), makes('%delay-force', PromiseCHAIN),
  primitive('make-promise', 1, 1, (vm, base) => {
    if (vm.isKind(base + 2, KindPROMISE)) vm.hart.move(base, base + 2);
    else makePromise(vm, base, PromiseFORCED, base + 2);
  }),
  primitive('promise?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindPROMISE));
  }),
  primitive('%promise-state', 1, 1, (vm, base) => {
    vm.setFixnum(base, vm.hart.load32(base + 2, HeaderTHIRD));
  }),
  primitive('%promise-value', 1, 1, (vm, base) => {
    vm.hart.loadCap(base, base + 2, PromiseVALUE);
  }),
  primitive('%promise-fulfil!', 2, 2, (vm, base) => {
    const hart = vm.hart, promise = SlotTMP0;
    hart.move(promise, base + 2);
    while (hart.load32(promise, HeaderTHIRD) === PromiseELSEWHERE) hart.loadCap(promise, promise, PromiseVALUE);
    if (hart.load32(promise, HeaderTHIRD) === PromiseTHUNK) {
      hart.storeCap(promise, PromiseVALUE, base + 3);
      hart.store32(promise, HeaderTHIRD, PromiseFORCED);
    }
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
  primitive('%promise-adopt!', 2, 2, adopt),
];

// Errors -------------------------------------------------------------------------------------------------------------

function asksType(name: string, type: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    if (!vm.isKind(base + 2, KindCONDITION)) {
      vm.setBoolean(base, false);
      return;
    }
    vm.hart.loadCap(SlotTMP0, base + 2, ConditionTYPE);
    vm.setBoolean(base, vm.isFixnum(SlotTMP0) && vm.fixnum(SlotTMP0) === type);
  });
}

function part(name: string, offset: number): Primitive {
  return primitive(name, 1, 1, (vm, base) => {
    if (!vm.isKind(base + 2, KindCONDITION)) throw vm.wrongType(name, 1, base + 2, 'an error object');
    vm.hart.loadCap(base, base + 2, offset);
  });
}

const errors: readonly Primitive[] = [
  primitive('error', 1, -1, (vm, base, argc) => {
    const message = vm.isKind(base + 2, KindSTRING) ? vm.stringOf(base + 2) : show(vm, base + 2, false);
    throw vm.error(message, ...Array.from({ length: argc - 1 }, (_none, i) => base + 3 + i));
  }),
  primitive('error-object?', 1, 1, (vm, base) => {
    vm.setBoolean(base, vm.isKind(base + 2, KindCONDITION));
  }),
  part('error-object-message', ConditionMESSAGE), part('error-object-irritants', ConditionIRRITANTS),
  asksType('read-error?', ConditionREAD), asksType('file-error?', ConditionFILE),
];

/** Truth, procedures, parameters, promises, errors. */
export const controlPrimitives: readonly Primitive[] = [...truth, ...environments, ...promises, ...errors];
