/* literal.ts: DATA BECOME OBJECTS, AND BACK
 *
 * Makes heap objects of what the reader read, whatever its depth, sharing and cycles <design/scheme#.graph>: first one object for
 * every pair and vector, all of them elements of one vector that keeps them, then what each holds. Nothing recurses. And makes
 * data of objects, for `eval`.
 */
import type { Datum, PairDatum, Position, VectorDatum } from './datum.ts';
import {
  BytesBYTES, ConstantFALSE, ConstantNULL, ConstantTRUE, ConstantUNSPECIFIC, KindBIGNUM, KindBYTES, KindIMMEDIATE, KindPAIR, KindSTRING,
  KindSYMBOL, KindVECTOR, PairCAR, PairCDR, ValueSIZE, VectorELEMENTS,
} from './kinds.ts';
import type { Symbols } from './symbols.ts';

type Compound = PairDatum | VectorDatum;

function isCompound(datum: Datum): datum is Compound {
  return datum.type === 'pair' || datum.type === 'vector';
}

function partsOf(datum: Compound): readonly Datum[] {
  return datum.type === 'pair' ? [datum.car, datum.cdr] : datum.items;
}

/** atomTo -- dst := the value of a datum that holds no others. */
function atomTo(store: Symbols, dst: number, datum: Exclude<Datum, Compound>): void {
  switch (datum.type) {
    case 'symbol': store.intern(dst, datum.name); break;
    case 'null': store.setConstant(dst, ConstantNULL); break;
    case 'boolean': store.setBoolean(dst, datum.value); break;
    case 'integer': store.setInteger(dst, datum.value); break;
    case 'real': store.setFlonum(dst, datum.value); break;
    case 'char': store.setChar(dst, datum.value); break;
    case 'string': store.makeString(dst, datum.value); break;
    case 'unspecific': store.setConstant(dst, ConstantUNSPECIFIC); break;
    case 'bytes':
      store.makeBytes(dst, datum.bytes.length, 0);
      datum.bytes.forEach((byte, i) => {
        store.hart.store8(dst, BytesBYTES + i, byte);
      });
  }
}

/** collect -- every pair and vector of a datum, numbered. */
function collect(datum: Compound): Map<Compound, number> {
  const found: Map<Compound, number> = new Map(), todo: Compound[] = [datum];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (found.has(next)) continue;
    found.set(next, found.size);
    for (const part of partsOf(next)) if (isCompound(part)) todo.push(part);
  }
  return found;
}

/** datumTo -- dst := the value of a datum. */
export function datumTo(store: Symbols, dst: number, datum: Datum): void {
  if (!isCompound(datum)) {
    atomTo(store, dst, datum);
    return;
  }
  const hart = store.hart, all = collect(datum), f = hart.enter(3), table = f, object = f + 1, value = f + 2;
  const elementAt = (i: number): number => VectorELEMENTS + ValueSIZE * i;
  store.setConstant(value, ConstantUNSPECIFIC);
  store.makeVector(table, all.size, value);
  for (const [compound, i] of all) {
    store.setConstant(value, ConstantUNSPECIFIC);
    if (compound.type === 'pair') store.cons(object, value, value);
    else store.makeVector(object, compound.items.length, value);
    hart.storeCap(table, elementAt(i), object);
  }
  for (const [compound, i] of all) {
    partsOf(compound).forEach((part, k) => {
      if (isCompound(part)) hart.loadCap(value, table, elementAt(all.get(part) as number));
      else atomTo(store, value, part);
      hart.loadCap(object, table, elementAt(i));
      hart.storeCap(object, (compound.type === 'pair' ? PairCAR : VectorELEMENTS) + ValueSIZE * k, value);
    });
  }
  hart.loadCap(dst, table, elementAt(all.get(datum) as number));
  hart.leave(f);
}

/** datumIsSame -- whether two data make objects that no program can tell apart: the same values, sharing and cycles. */
export function datumIsSame(one: Datum, other: Datum): boolean {
  const partners: Map<Compound, Compound> = new Map(), taken: Set<Compound> = new Set(), todo: [Datum, Datum][] = [[one, other]];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const [a, b] = next;
    if (!isCompound(a) || !isCompound(b)) {
      if (!atomIsSame(a, b)) return false;
      continue;
    }
    const partner = partners.get(a);
    if (partner === b) continue;
    const parts = partsOf(a), others = partsOf(b);
    if (partner !== undefined || taken.has(b) || a.type !== b.type || parts.length !== others.length) return false;
    partners.set(a, b);
    taken.add(b);
    parts.forEach((part, i) => todo.push([part, others[i]]));
  }
  return true;
}

function atomIsSame(a: Datum, b: Datum): boolean {
  if (a.type === 'symbol') return b.type === 'symbol' && a.name === b.name;
  if (a.type === 'bytes') return b.type === 'bytes' && a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i]);
  if (!('value' in a)) return a.type === b.type;
  return a.type === b.type && 'value' in b && Object.is(a.value, b.value);
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
    case KindIMMEDIATE: return { type: 'unspecific' };
    default: throw store.error('eval: this is no datum:', slot);
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
