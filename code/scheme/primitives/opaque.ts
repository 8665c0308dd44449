/* opaque.ts: VALUES WITHOUT A SPELLING
 *
 * Procedures, records, promises and the like print as `#<what name>`, which no reader takes <design/scheme#.print>.
 */
import {
  ClosureCODE, CodeNAME, ConditionMESSAGE, KindCLOSURE, KindCODE, KindCONDITION, KindNAMES, KindPRIMITIVE,
  KindRECORD, KindRECORDTYPE, KindSTRING, KindSYMBOL, PrimitiveNAME, RecordTYPE, RecordTypeNAME,
} from '../kinds.ts';
import type { Vm } from '../vm.ts';

/** nameIn -- the symbol or string at an offset of an object, else nothing. */
function nameIn(vm: Vm, object: number, offset: number): string {
  const name = vm.hart.local();
  vm.hart.loadCap(name, object, offset);
  const kind = vm.kindOf(name);
  const text = kind === KindSYMBOL ? vm.symbolName(name) : kind === KindSTRING ? vm.stringOf(name) : '';
  vm.hart.leave(name);
  return text;
}

/** procedureName -- what a procedure is called, or nothing. */
export function procedureName(vm: Vm, slot: number, kind: number): string {
  if (kind === KindPRIMITIVE) return nameIn(vm, slot, PrimitiveNAME);
  if (kind !== KindCLOSURE) return '';
  const code = vm.hart.local();
  vm.hart.loadCap(code, slot, ClosureCODE);
  const text = nameIn(vm, code, CodeNAME);
  vm.hart.leave(code);
  return text;
}

function recordName(vm: Vm, slot: number): string {
  const type = vm.hart.local();
  vm.hart.loadCap(type, slot, RecordTYPE);
  const text = nameIn(vm, type, RecordTypeNAME);
  vm.hart.leave(type);
  return text;
}

/** opaqueText -- the text of an object of a kind that has no spelling. */
export function opaqueText(vm: Vm, slot: number, kind: number): string {
  switch (kind) {
    case KindCLOSURE: case KindPRIMITIVE: return tag('procedure', procedureName(vm, slot, kind));
    case KindRECORD: return tag('record', recordName(vm, slot));
    case KindRECORDTYPE: return tag('record-type', nameIn(vm, slot, RecordTypeNAME));
    case KindCODE: return tag('code', nameIn(vm, slot, CodeNAME));
    case KindCONDITION: return tag('error', nameIn(vm, slot, ConditionMESSAGE));
    default: return tag(KindNAMES[kind] ?? 'object', '');
  }
}

function tag(what: string, name: string): string {
  return name === '' ? `#<${what}>` : `#<${what} ${name}>`;
}
