/* graph.ts: DATA BECOME OBJECTS
 *
 * Makes heap objects of what the reader read, whatever its depth, sharing and cycles <design/scheme#.graph>: first one object for
 * every pair and vector, all of them elements of one vector that keeps them, then what each holds. Nothing recurses.
 */
import type { Datum, PairDatum, VectorDatum } from '../datum.ts';
import {
  BytesBYTES, ConstantNULL, ConstantUNSPECIFIC, PairCAR, ValueSIZE, VectorELEMENTS,
} from '../kinds.ts';
import type { Symbols } from '../symbols.ts';

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
