/* assemble.ts: CODE OBJECTS
 *
 * Makes a heap object of a procedure's code <design/vm#.code>:
 *
 *     0    header: kind, bytes of instructions, offset of the first, slots of a frame
 *     16   name, a symbol or #f
 *     32   name of the source, a string
 *     48   places: a bytevector of instruction, line, column, 4 bytes each
 *     64   constants
 *          instructions
 */
import type { Code, Constant } from './code.ts';
import {
  BytesBYTES, ClosureCODE, ClosureFREE, CodeCONSTANTS, CodeNAME, CodePLACES, CodeSOURCE, ConstantFALSE, ConstantUNSPECIFIC,
  HeaderTHIRD, KindCLOSURE, KindCODE, SlotVM1, ValueSIZE, VectorELEMENTS, objectSize,
} from './kinds.ts';
import { datumTo } from './literal.ts';
import type { LiteralMaker } from './shared.ts';
import type { Symbols } from './symbols.ts';

/** assemble -- put the closure of a procedure without free variables in slot `dst`; `literal` makes its literals, in order. */
export function assemble(store: Symbols, code: Code, dst: number, literal: LiteralMaker = datumTo): void {
  const hart = store.hart, f = hart.enter(2), made = f, source = f + 1;
  store.makeString(source, code.at.file);
  codeObject(store, code, made, source, literal);
  do {
    store.allocate(dst, objectSize(ClosureFREE - ValueSIZE));
    store.header(dst, KindCLOSURE, 0, hart.load32(made, HeaderTHIRD), 0);
    hart.storeCap(dst, ClosureCODE, made);
    store.blank(dst, ClosureFREE);
  } while (!store.commit(dst));
  hart.leave(f);
}

/** codeObject -- constants first, in a vector of their own, so that nothing is allocated while the code is written. */
function codeObject(store: Symbols, code: Code, dst: number, source: number, literal: LiteralMaker): void {
  const hart = store.hart, f = hart.enter(4), constants = f, name = f + 1, places = f + 2, item = f + 3;
  const count = code.constants.length;
  store.setConstant(SlotVM1, ConstantUNSPECIFIC);
  store.makeVector(constants, count, SlotVM1);
  code.constants.forEach((constant, i) => {
    constantMake(store, constant, item, source, literal);
    hart.storeCap(constants, VectorELEMENTS + ValueSIZE * i, item);
  });
  if (code.name === null) store.setConstant(name, ConstantFALSE);
  else store.intern(name, code.name);
  placesMake(store, code.places, places);
  const entry = CodeCONSTANTS + ValueSIZE * count, bytes = code.words.length * 4;
  do {
    store.allocate(dst, objectSize(entry + bytes - ValueSIZE));
    store.header(dst, KindCODE, bytes, entry, code.frame);
    hart.storeCap(dst, CodeNAME, name);
    hart.storeCap(dst, CodeSOURCE, source);
    hart.storeCap(dst, CodePLACES, places);
    for (let i = 0; i < count; i += 1) {
      hart.loadCap(item, constants, VectorELEMENTS + ValueSIZE * i);
      hart.storeCap(dst, CodeCONSTANTS + ValueSIZE * i, item);
    }
    code.words.forEach((word, i) => hart.store32(dst, entry + 4 * i, word));
    store.blank(dst, entry + bytes);
  } while (!store.commit(dst));
  hart.leave(f);
}

function constantMake(store: Symbols, constant: Constant, dst: number, source: number, literal: LiteralMaker): void {
  if (constant.type === 'datum') literal(store, dst, constant.datum);
  else if (constant.type === 'global') store.globalCell(dst, constant.name);
  else codeObject(store, constant.code, dst, source, literal);
}

function placesMake(store: Symbols, places: readonly number[], dst: number): void {
  store.makeBytes(dst, 4 * places.length, 0);
  places.forEach((word, i) => store.hart.store32(dst, BytesBYTES + 4 * i, word));
}
