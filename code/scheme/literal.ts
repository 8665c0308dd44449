/* literal.ts: LITERALS
 *
 * Heap objects of data that a program quotes or reads, and back <design/vm#.literal>. Pairs and vectors are made first, empty,
 * and then filled, so that neither length, nor depth, nor a circle costs slots or the host's stack.
 */
import type { Datum, Position } from './datum.ts';
import type { Symbols } from './symbols.ts';
import {
  BytesBYTES, ConstantFALSE, ConstantNULL, ConstantTRUE, ConstantUNSPECIFIC, KindBIGNUM, KindBYTES, KindPAIR, KindSTRING,
  KindSYMBOL, KindVECTOR, PairCAR, PairCDR, SlotVM1, ValueSIZE, VectorELEMENTS,
} from './kinds.ts';

type Node = Datum & { readonly type: 'pair' | 'vector' };

const isNode = (datum: Datum): datum is Node => datum.type === 'pair' || datum.type === 'vector';

/** literal -- put the value of a datum in slot `dst`. */
export function literal(store: Symbols, datum: Datum, dst: number): void {
  if (!isNode(datum)) {
    leaf(store, datum, dst);
    return;
  }
  const hart = store.hart, nodes = nodesOf(datum), order = [...nodes.keys()];
  const f = hart.enter(3), all = f, node = f + 1, part = f + 2;
  store.setConstant(SlotVM1, ConstantUNSPECIFIC);
  store.makeVector(all, order.length, SlotVM1);
  order.forEach((each, i) => {
    store.setConstant(part, ConstantUNSPECIFIC);
    if (each.type === 'pair') store.cons(node, part, part);
    else store.makeVector(node, each.items.length, part);
    hart.storeCap(all, VectorELEMENTS + ValueSIZE * i, node);
  });
  const put = (value: Datum, offset: number, owner: number): void => {
    const index = isNode(value) ? nodes.get(value) : undefined;
    if (index === undefined) leaf(store, value, part);
    else hart.loadCap(part, all, VectorELEMENTS + ValueSIZE * index);
    hart.loadCap(node, all, VectorELEMENTS + ValueSIZE * owner);
    hart.storeCap(node, offset, part);
  };
  order.forEach((each, i) => {
    if (each.type === 'pair') {
      put(each.car, PairCAR, i);
      put(each.cdr, PairCDR, i);
    } else each.items.forEach((item, at) => put(item, VectorELEMENTS + ValueSIZE * at, i));
  });
  hart.loadCap(dst, all, VectorELEMENTS);
  hart.leave(f);
}

/** The pairs and vectors of a datum, numbered from itself, 0, on. */
function nodesOf(datum: Node): Map<Node, number> {
  const nodes = new Map<Node, number>(), pending: Node[] = [datum];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (nodes.has(node)) continue;
    nodes.set(node, nodes.size);
    for (const part of node.type === 'pair' ? [node.car, node.cdr] : node.items) if (isNode(part)) pending.push(part);
  }
  return nodes;
}

function leaf(store: Symbols, datum: Datum, dst: number): void {
  switch (datum.type) {
    case 'symbol': store.intern(dst, datum.name); return;
    case 'null': store.setConstant(dst, ConstantNULL); return;
    case 'boolean': store.setBoolean(dst, datum.value); return;
    case 'integer': store.setInteger(dst, datum.value); return;
    case 'real': store.setFlonum(dst, datum.value); return;
    case 'char': store.setChar(dst, datum.value); return;
    case 'string': store.makeString(dst, datum.value); return;
    case 'bytes':
      store.makeBytes(dst, datum.bytes.length, 0);
      datum.bytes.forEach((byte, i) => store.hart.store8(dst, BytesBYTES + i, byte));
      return;
    default: store.setConstant(dst, ConstantUNSPECIFIC);
  }
}

// And back -----------------------------------------------------------------------------------------------------------

/** Levels to which data for `eval` may nest. */
const DatumDEPTH = 1000;

/** datumOf -- the datum that the value of a slot stands for, all of it at place `at`; raises for what is none. */
export function datumOf(store: Symbols, slot: number, at: Position, depth: number = 0): Datum {
  if (store.isFixnum(slot)) return { type: 'integer', value: BigInt(store.fixnum(slot)) };
  if (store.isFlonum(slot)) return { type: 'real', value: store.flonum(slot) };
  if (store.isChar(slot)) return { type: 'char', value: store.char(slot) };
  if (store.isConstant(slot, ConstantNULL)) return { type: 'null' };
  if (store.isConstant(slot, ConstantTRUE) || store.isConstant(slot, ConstantFALSE)) {
    return { type: 'boolean', value: store.isConstant(slot, ConstantTRUE) };
  }
  switch (store.kindOf(slot)) {
    case KindSYMBOL: return { type: 'symbol', name: store.symbolName(slot), at };
    case KindSTRING: return { type: 'string', value: store.stringOf(slot) };
    case KindBIGNUM: return { type: 'integer', value: store.bignum(slot) };
    case KindBYTES: return { type: 'bytes', bytes: bytesOf(store, slot) };
    case KindPAIR: case KindVECTOR: break;
    default: return { type: 'unspecific' };
  }
  if (depth > DatumDEPTH) throw store.error(`eval: data nested more than ${DatumDEPTH} levels deep`);
  return store.isPair(slot) ? listOf(store, slot, at, depth) : vectorOf(store, slot, at, depth);
}

/** Pairs of a list before it is taken for circular. */
const ListMOST = 10_000_000;

function listOf(store: Symbols, slot: number, at: Position, depth: number): Datum {
  const hart = store.hart, f = hart.enter(2), rest = f, item = f + 1, items: Datum[] = [];
  for (hart.move(rest, slot); store.isPair(rest); hart.loadCap(rest, rest, PairCDR)) {
    if (items.length > ListMOST) throw store.error('eval: a circular list');
    hart.loadCap(item, rest, PairCAR);
    items.push(datumOf(store, item, at, depth + 1));
  }
  const last = datumOf(store, rest, at, depth + 1);
  hart.leave(f);
  return items.reduceRight<Datum>((cdr, car) => ({ type: 'pair', car, cdr, at }), last);
}

function vectorOf(store: Symbols, slot: number, at: Position, depth: number): Datum {
  const hart = store.hart, item = hart.enter(1), items: Datum[] = [];
  for (let i = 0; i < store.lengthOf(slot); i += 1) {
    hart.loadCap(item, slot, VectorELEMENTS + ValueSIZE * i);
    items.push(datumOf(store, item, at, depth + 1));
  }
  hart.leave(item);
  return { type: 'vector', items };
}

function bytesOf(store: Symbols, slot: number): number[] {
  return Array.from({ length: store.lengthOf(slot) }, (_, i) => store.hart.load8(slot, BytesBYTES + i));
}
