/* printer.ts: EXTERNAL REPRESENTATIONS
 *
 * Makes text of a value. Two walks, both with a stack of their own, so that depth meets neither the host's stack nor the
 * program's frames, and neither allocates in the heap <design/scheme#.walk>: the first finds what needs a datum label, the
 * second prints. Circular data ends under `write`, `write-shared` and `display` <design/scheme#.inv.print>.
 */
import {
  BytesBYTES, ConstantDEFAULT, ConstantEOF, ConstantFALSE, ConstantNULL, ConstantTRUE, ConstantUNASSIGNED, ConstantUNSPECIFIC,
  ImmediateCHAR, ImmediateFIXNUM, ImmediateFLONUM, KindBIGNUM, KindBYTES, KindNAMES, KindPAIR, KindSTRING, KindSYMBOL,
  KindVECTOR, PairCAR, PairCDR, ValueSIZE, VectorELEMENTS,
} from '../kinds.ts';
import { flonumText } from '../tower.ts';
import type { Vm } from '../vm.ts';
import { bignumOf } from './bignum.ts';
import { opaqueText } from './opaque.ts';
import { addressIn, RawStack } from './slots.ts';
import { charText, stringText, symbolText } from './spelling.ts';

/** What gets a datum label: what is met within itself, whatever is met twice, or nothing. */
export type Labels = 'cycles' | 'shared' | 'none';

/** How to print. */
export interface Style {
  /** Strings, characters and symbols so that they read back. */
  readonly write: boolean;
  readonly labels: Labels;
}

/** Notes on the stack: print this value, go on after the pair, close a list. From 0 on: go on with that element. */
const NoteVALUE = -1;
const NoteTAIL = -2;
const NoteCLOSE = -3;
const NoteLEAVE = -4;

/** So many objects are walked before a datum is suspected to be circular. */
const QuickOBJECTS = 2000;

const constants: readonly (readonly [number, string])[] = [
  [ConstantUNASSIGNED, '#<unassigned>'], [ConstantNULL, '()'], [ConstantFALSE, '#f'], [ConstantTRUE, '#t'],
  [ConstantUNSPECIFIC, '#<unspecific>'], [ConstantEOF, '#<eof>'], [ConstantDEFAULT, '#<default>'],
];

/** Prints one datum. Its slots are the hart's from `frame` on. */
export class Printer {
  private readonly vm: Vm;
  private readonly style: Style;
  private readonly emit: (text: string) => void;
  /** By address: the label of what has one, -1 before it is printed. */
  private labels: Map<number, number> = new Map();
  private labelled: number = 0;
  private emitted: number = 0;

  constructor(vm: Vm, style: Style, emit: (text: string) => void) {
    this.vm = vm;
    this.style = style;
    this.emit = (text) => {
      this.emitted += text.length;
      emit(text);
    };
  }

  /** label -- find what needs a label; false where `none` was asked for and the datum is circular. */
  label(slot: number): boolean {
    const vm = this.vm, kind = vm.kindOf(slot);
    if (kind !== KindPAIR && kind !== KindVECTOR) return true;
    if (this.style.labels !== 'shared' && this.isSmall(slot)) return true;
    this.labels = this.search(slot, this.style.labels === 'shared');
    return this.style.labels !== 'none' || this.labels.size === 0;
  }

  /** isSmall -- whether a walk ends within QuickOBJECTS: then nothing is circular. */
  private isSmall(slot: number): boolean {
    const hart = this.vm.hart, at = hart.enter(2), todo = new RawStack();
    todo.push(hart, slot);
    let count = 0;
    while (todo.count > 0 && count < QuickOBJECTS) {
      todo.pop(hart, at);
      count += this.parts(at, at + 1, todo);
    }
    hart.leave(at);
    return todo.count === 0;
  }

  /** parts -- push what the pair or vector in a slot holds; returns how many things were looked at. */
  private parts(at: number, part: number, todo: RawStack): number {
    const vm = this.vm, hart = vm.hart, kind = hart.isTagged(at) ? vm.kindOf(at) : 0;
    if (kind !== KindPAIR && kind !== KindVECTOR) return 1;
    const count = kind === KindPAIR ? 2 : vm.lengthOf(at), from = kind === KindPAIR ? PairCAR : VectorELEMENTS;
    for (let i = count - 1; i >= 0; i -= 1) {
      hart.loadCap(part, at, from + ValueSIZE * i);
      if (hart.isTagged(part)) todo.push(hart, part, NoteVALUE);
    }
    return count + 1;
  }

  /** search -- the pairs and vectors that are met again: within themselves, or, if `shared`, anywhere. */
  private search(slot: number, shared: boolean): Map<number, number> {
    const vm = this.vm, hart = vm.hart, at = hart.enter(2), todo = new RawStack();
    const open: Map<number, boolean> = new Map(), found: Map<number, number> = new Map();
    todo.push(hart, slot, NoteVALUE);
    while (todo.count > 0) {
      const note = todo.pop(hart, at), kind = vm.kindOf(at);
      if (kind !== KindPAIR && kind !== KindVECTOR) continue;
      const key = addressIn(hart, at), state = open.get(key);
      if (note === NoteLEAVE) {
        open.set(key, false);
      } else if (state === undefined) {
        open.set(key, true);
        todo.push(hart, at, NoteLEAVE);
        this.parts(at, at + 1, todo);
      } else if (shared || state) {
        found.set(key, -1);
      }
    }
    hart.leave(at);
    return found;
  }

  /** print -- emit the text of the value in a slot; stops soon after `limit` characters. */
  print(slot: number, limit: number = Infinity): void {
    const hart = this.vm.hart, at = hart.enter(2), todo = new RawStack();
    todo.push(hart, slot, NoteVALUE);
    while (todo.count > 0 && this.emitted < limit) {
      const note = todo.pop(hart, at);
      if (note === NoteVALUE) this.value(at, at + 1, todo);
      else if (note === NoteTAIL) this.tail(at, at + 1, todo);
      else if (note === NoteCLOSE) this.emit(')');
      else this.element(at, at + 1, todo, note);
    }
    hart.leave(at);
  }

  private value(at: number, part: number, todo: RawStack): void {
    const vm = this.vm, hart = vm.hart, kind = vm.kindOf(at);
    if (kind !== KindPAIR && kind !== KindVECTOR) {
      this.emit(atomText(vm, at, kind, this.style.write));
      return;
    }
    if (this.isReference(at)) return;
    this.emit(kind === KindPAIR ? '(' : '#(');
    if (kind === KindVECTOR) {
      todo.push(hart, at, 0);
      return;
    }
    todo.push(hart, at, NoteTAIL);
    hart.loadCap(part, at, PairCAR);
    todo.push(hart, part, NoteVALUE);
  }

  /** isReference -- print the label of an object that has one; true if the object itself is printed already. */
  private isReference(at: number): boolean {
    if (this.labels.size === 0) return false;
    const key = addressIn(this.vm.hart, at), label = this.labels.get(key);
    if (label === undefined) return false;
    if (label >= 0) {
      this.emit(`#${label}#`);
      return true;
    }
    this.labels.set(key, this.labelled);
    this.emit(`#${this.labelled}=`);
    this.labelled += 1;
    return false;
  }

  private tail(at: number, part: number, todo: RawStack): void {
    const vm = this.vm, hart = vm.hart;
    hart.loadCap(part, at, PairCDR);
    if (vm.isConstant(part, ConstantNULL)) {
      this.emit(')');
    } else if (vm.isPair(part) && !(this.labels.size > 0 && this.labels.has(addressIn(hart, part)))) {
      this.emit(' ');
      todo.push(hart, part, NoteTAIL);
      hart.loadCap(part, part, PairCAR);
      todo.push(hart, part, NoteVALUE);
    } else {
      this.emit(' . ');
      todo.push(hart, at, NoteCLOSE);
      todo.push(hart, part, NoteVALUE);
    }
  }

  private element(at: number, part: number, todo: RawStack, i: number): void {
    const hart = this.vm.hart;
    if (i === this.vm.lengthOf(at)) {
      this.emit(')');
      return;
    }
    if (i > 0) this.emit(' ');
    todo.push(hart, at, i + 1);
    hart.loadCap(part, at, VectorELEMENTS + ValueSIZE * i);
    todo.push(hart, part, NoteVALUE);
  }
}

/** atomText -- the text of a value that holds no others to print. */
function atomText(vm: Vm, slot: number, kind: number, write: boolean): string {
  switch (kind) {
    case 0: return immediateText(vm, slot, write);
    case KindSTRING: return write ? stringText(vm.stringOf(slot)) : vm.stringOf(slot);
    case KindSYMBOL: return write ? symbolText(vm.symbolName(slot)) : vm.symbolName(slot);
    case KindBIGNUM: return bignumOf(vm, slot).toString();
    case KindBYTES: return bytesText(vm, slot);
    default: return opaqueText(vm, slot, kind);
  }
}

function immediateText(vm: Vm, slot: number, write: boolean): string {
  switch (vm.hart.r[(slot << 3) + 2]) {
    case ImmediateFIXNUM: return String(vm.fixnum(slot));
    case ImmediateFLONUM: return flonumText(vm.flonum(slot));
    case ImmediateCHAR: return write ? charText(vm.char(slot)) : String.fromCodePoint(vm.char(slot));
    default: return constants.find(([constant]) => vm.isConstant(slot, constant))?.[1] ?? `#<${KindNAMES[0]}>`;
  }
}

function bytesText(vm: Vm, slot: number): string {
  const parts: string[] = [], length = vm.lengthOf(slot);
  for (let i = 0; i < length; i += 1) parts.push(String(vm.hart.load8(slot, BytesBYTES + i)));
  return `#u8(${parts.join(' ')})`;
}

/** Text goes out in pieces of about this many characters. */
const PieceCHARS = 4096;

/** printTo -- print the value of a slot; false, with nothing printed, where labels were refused to circular data. */
export function printTo(vm: Vm, slot: number, style: Style, output: (text: string) => void): boolean {
  let pending: string[] = [], length = 0;
  const flush = (): void => {
    if (length > 0) output(pending.join(''));
    pending = [];
    length = 0;
  };
  const printer = new Printer(vm, style, (text) => {
    pending.push(text);
    length += text.length;
    if (length >= PieceCHARS) flush();
  });
  if (!printer.label(slot)) return false;
  printer.print(slot);
  flush();
  return true;
}

/** How many characters of a value a message shows. */
const ShowCHARS = 200;

/** show -- a value as text for a message, cut where it is long; circular data are cut like long ones. */
export function show(vm: Vm, slot: number, write: boolean): string {
  const parts: string[] = [];
  new Printer(vm, { write, labels: 'none' }, (text) => {
    parts.push(text);
  }).print(slot, ShowCHARS);
  const text = parts.join('');
  return text.length <= ShowCHARS ? text : `${text.slice(0, ShowCHARS)}...`;
}
