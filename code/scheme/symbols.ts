/* symbols.ts: SYMBOLS AND GLOBAL CELLS
 *
 * Two hash tables in the heap, keyed by the content of a name, never by an address: nothing needs rehashing when objects
 * move <design/vm#.symbol>. A register holds a box that holds the table, so that the table can grow. A bucket is a list of
 * symbols, or of global cells. A hart that was lent a box of symbols goes on with it <design/vm#.shared>.
 */
import type { Hart } from '../machine/machine.ts';
import {
  ConstantNULL, ConstantUNASSIGNED, GlobalSYMBOL, GlobalVALUE, GlobalSIZE, HeaderLENGTH, HeaderTHIRD, KindGLOBAL, KindSYMBOL,
  KindTABLE, PairCAR, PairCDR, SlotGLOBALS, SlotLITERALS, SlotSYMBOLS, SlotVM1, SlotVM2, SlotVM3, StringCHARS, SymbolNAME, SymbolSIZE,
  TableBUCKETS, ValueSIZE,
} from './kinds.ts';
import { Store, type AllocationPoint } from './objects.ts';

const TableFIRST = 256;
/** Constants before their table doubles for the first time. */
const LiteralsFIRST = 64;
/** Entries a bucket on average before the table doubles. */
const TableLOAD = 2;

/** nameHash -- FNV-1a over the code points of a name. */
export function nameHash(name: string): number {
  let hash = 0x811c_9dc5 | 0;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x0100_0193);
  return hash & 0x3fff_ffff;
}

/** A store with symbols and global variables. */
export class Symbols extends Store {
  constructor(hart: Hart, ap: AllocationPoint) {
    super(hart, ap);
    if (!hart.isTagged(SlotSYMBOLS)) this.makeShared();
    this.makeRoot(SlotGLOBALS);
  }

  /** intern -- the symbol named `name`, made if there is none yet. */
  intern(dst: number, name: string): void {
    const hash = nameHash(name);
    if (!this.find(dst, SlotSYMBOLS, hash, name)) {
      this.makeString(dst, name);
      this.makeSymbol(dst, hash);
      this.insert(SlotSYMBOLS, hash, dst);
    }
  }

  /** symbolName -- the name of the symbol in the slot. */
  symbolName(slot: number): string {
    const name = SlotVM3;
    this.hart.loadCap(name, slot, SymbolNAME);
    return this.stringOf(name);
  }

  /** globalCell -- the cell of global variable `name`, made unbound if there is none yet. */
  globalCell(dst: number, name: string): void {
    const hash = nameHash(name);
    if (!this.find(dst, SlotGLOBALS, hash, name)) {
      this.intern(dst, name);
      this.makeCell(dst, hash);
      this.insert(SlotGLOBALS, hash, dst);
    }
  }

  /** setGlobal -- give global variable `name` the value of a slot below SlotVM0 or in the window. */
  setGlobal(name: string, value: number): void {
    this.globalCell(SlotVM3, name);
    this.hart.storeCap(SlotVM3, GlobalVALUE, value);
  }

  /** getGlobal -- the value of global variable `name`, the unassigned constant where it has none. */
  getGlobal(dst: number, name: string): void {
    if (this.find(dst, SlotGLOBALS, nameHash(name), name)) this.hart.loadCap(dst, dst, GlobalVALUE);
    else this.setConstant(dst, ConstantUNASSIGNED);
  }

  // The tables -------------------------------------------------------------------------------------------------------

  private makeShared(): void {
    this.makeRoot(SlotSYMBOLS);
    this.setConstant(SlotLITERALS, ConstantNULL);
    this.makeVector(SlotLITERALS, LiteralsFIRST, SlotLITERALS);
    this.makeBox(SlotLITERALS, SlotLITERALS);
  }

  private makeRoot(root: number): void {
    this.setConstant(SlotVM1, ConstantNULL);
    this.makeObject(root, KindTABLE, TableFIRST, 0, SlotVM1);
    this.makeBox(root, root);
  }

  private makeSymbol(dst: number, hash: number): void {
    const hart = this.hart;
    hart.move(SlotVM1, dst);
    do {
      this.allocate(dst, SymbolSIZE);
      this.header(dst, KindSYMBOL, 0, hash, 0);
      hart.storeCap(dst, SymbolNAME, SlotVM1);
      this.blank(dst, SymbolNAME + ValueSIZE);
    } while (!this.commit(dst));
  }

  private makeCell(dst: number, hash: number): void {
    const hart = this.hart;
    hart.move(SlotVM1, dst);
    do {
      this.allocate(dst, GlobalSIZE);
      this.header(dst, KindGLOBAL, 0, hash, 0);
      this.blank(dst, GlobalVALUE);
      hart.storeCap(dst, GlobalSYMBOL, SlotVM1);
    } while (!this.commit(dst));
  }

  /** find -- put the entry with this name in `dst`; false where there is none. Allocates nothing. */
  private find(dst: number, root: number, hash: number, name: string): boolean {
    const hart = this.hart, rest = SlotVM1, place = SlotVM2;
    hart.loadCap(rest, root, 0);
    hart.loadCap(rest, rest, TableBUCKETS + ValueSIZE * (hash & (this.lengthOf(rest) - 1)));
    for (; this.isPair(rest); hart.loadCap(rest, rest, PairCDR)) {
      hart.loadCap(dst, rest, PairCAR);
      if (hart.load32(dst, HeaderTHIRD) !== hash) continue;
      hart.move(place, dst);
      if (root === SlotGLOBALS) hart.loadCap(place, place, GlobalSYMBOL);
      hart.loadCap(place, place, SymbolNAME);
      if (this.isNamed(place, name)) return true;
    }
    return false;
  }

  private isNamed(string: number, name: string): boolean {
    const hart = this.hart, length = hart.load32(string, HeaderLENGTH);
    let at = 0;
    for (const character of name) {
      if (at === length || hart.load32(string, StringCHARS + 4 * at) !== character.codePointAt(0)) return false;
      at += 1;
    }
    return at === length;
  }

  /** insert -- add the entry in slot `entry`; the table doubles when its buckets fill. */
  private insert(root: number, hash: number, entry: number): void {
    const hart = this.hart, table = SlotVM1, bucket = SlotVM2;
    hart.loadCap(table, root, 0);
    const count = hart.load32(table, HeaderTHIRD) + 1;
    if (count > TableLOAD * this.lengthOf(table)) this.grow(root);
    hart.loadCap(table, root, 0);
    const at = TableBUCKETS + ValueSIZE * (hash & (this.lengthOf(table) - 1));
    hart.loadCap(bucket, table, at);
    this.cons(bucket, entry, bucket);
    hart.storeCap(table, at, bucket);
    hart.store32(table, HeaderTHIRD, count);
  }

  private grow(root: number): void {
    const hart = this.hart, f = hart.enter(5), table = f, wider = f + 1, rest = f + 2, entry = f + 3, bucket = f + 4;
    hart.loadCap(table, root, 0);
    const size = this.lengthOf(table), count = hart.load32(table, HeaderTHIRD);
    this.setConstant(bucket, ConstantNULL);
    this.makeObject(wider, KindTABLE, 2 * size, count, bucket);
    for (let i = 0; i < size; i += 1) {
      hart.loadCap(rest, table, TableBUCKETS + ValueSIZE * i);
      for (; this.isPair(rest); hart.loadCap(rest, rest, PairCDR)) {
        hart.loadCap(entry, rest, PairCAR);
        const at = TableBUCKETS + ValueSIZE * (hart.load32(entry, HeaderTHIRD) & (2 * size - 1));
        hart.loadCap(bucket, wider, at);
        this.cons(bucket, entry, bucket);
        hart.storeCap(wider, at, bucket);
      }
    }
    hart.storeCap(root, 0, wider);
    hart.leave(f);
  }
}
