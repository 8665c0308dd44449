/* records.ts: RECORDS
 *
 * What define-record-type expands into: a record holds its type and its fields. The accessor's name comes along, for messages
 * <design/expander#.if.reserved>.
 */
import {
  ConstantUNSPECIFIC, KindRECORD, KindRECORDTYPE, PairCAR, PairCDR, RecordFIELDS, RecordTYPE, RecordTypeFIELDS,
  RecordTypeNAME, RecordTypeSIZE, SlotTMP0, SlotTMP2, SlotTMP3, ValueSIZE, VectorELEMENTS, objectSize,
} from '../kinds.ts';
import { primitive, type Primitive } from '../primitive.ts';
import type { Vm } from '../vm.ts';
import { properLength } from './pairs.ts';

/** fieldAt -- the offset of field `i`. */
function fieldAt(i: number): number {
  return RecordFIELDS + ValueSIZE * i;
}

function makeType(vm: Vm, base: number): void {
  const hart = vm.hart, fields = SlotTMP2, rest = SlotTMP0, item = SlotTMP3;
  const count = properLength(vm, base + 3, '%make-record-type', 2);
  vm.setConstant(item, ConstantUNSPECIFIC);
  vm.makeVector(fields, count, item);
  hart.move(rest, base + 3);
  for (let i = 0; i < count; i += 1, hart.loadCap(rest, rest, PairCDR)) {
    hart.loadCap(item, rest, PairCAR);
    hart.storeCap(fields, VectorELEMENTS + ValueSIZE * i, item);
  }
  do {
    vm.allocate(base, RecordTypeSIZE);
    vm.header(base, KindRECORDTYPE, count, 0, 0);
    hart.storeCap(base, RecordTypeNAME, base + 2);
    hart.storeCap(base, RecordTypeFIELDS, fields);
  } while (!vm.commit(base));
}

function makeRecord(vm: Vm, base: number, argc: number): void {
  const hart = vm.hart, record = SlotTMP0, count = argc - 1;
  do {
    vm.allocate(record, objectSize(ValueSIZE * argc));
    vm.header(record, KindRECORD, count, 0, 0);
    hart.storeCap(record, RecordTYPE, base + 2);
    for (let i = 0; i < count; i += 1) hart.storeCap(record, fieldAt(i), base + 3 + i);
    vm.blank(record, fieldAt(count));
  } while (!vm.commit(record));
  hart.move(base, record);
}

/** isOf -- whether a value is a record of the type in another slot. */
function isOf(vm: Vm, slot: number, type: number): boolean {
  if (vm.kindOf(slot) !== KindRECORD) return false;
  vm.hart.loadCap(SlotTMP0, slot, RecordTYPE);
  return vm.hart.isSame(SlotTMP0, type);
}

/** takeField -- the offset of the field that `%record-ref` or `%record-set!` is asked for; the name is in slot `who`. */
function takeField(vm: Vm, base: number, who: number): number {
  if (isOf(vm, base + 2, base + 3)) return fieldAt(vm.fixnum(base + 4));
  vm.hart.loadCap(SlotTMP0, base + 3, RecordTypeNAME);
  throw vm.wrongType(vm.symbolName(who), 1, base + 2, `a record of type ${vm.symbolName(SlotTMP0)}`);
}

/** Records. */
export const recordPrimitives: readonly Primitive[] = [
  primitive('%make-record-type', 2, 2, makeType),
  primitive('%record', 1, -1, makeRecord),
  primitive('%record?', 2, 2, (vm, base) => {
    vm.setBoolean(base, isOf(vm, base + 2, base + 3));
  }),
  primitive('%record-ref', 4, 4, (vm, base) => {
    vm.hart.loadCap(base, base + 2, takeField(vm, base, base + 5));
  }),
  primitive('%record-set!', 5, 5, (vm, base) => {
    vm.hart.storeCap(base + 2, takeField(vm, base, base + 6), base + 5);
    vm.setConstant(base, ConstantUNSPECIFIC);
  }),
];
