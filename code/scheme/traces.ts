/* traces.ts: WHERE A PROGRAM IS
 *
 * Places of instructions, the chain of calls read from the frames in window and heap, and the condition made of what was thrown
 * <design/vm#.raise>.
 */
import {
  BytesBYTES, CodeNAME, CodePLACES, CodeSOURCE, ConditionCHAIN, ConditionEXHAUSTED, ConditionIRRITANTS, ConditionMESSAGE,
  ConditionPLACE, ConditionSIZE, ConditionTYPE, ConstantFALSE, ConstantNULL, HeaderTHIRD, KindCLOSURE, KindCODE,
  KindCONDITION, KindPRIMITIVE, ClosureCODE, PairCAR, PairCDR, PrimitiveNAME, SlotCODE, SlotCONT, SlotVM1, SlotVM4, SlotVM5, SlotVM6, StackPARENT,
  ValueSIZE, WindowBASE,
} from './kinds.ts';
import type { SchemeRaise } from './errors.ts';
import { Frames } from './frames.ts';
import { InstructionSIZE } from './opcodes.ts';

/** Calls that a chain names. */
const ChainMOST = 12;
/** Frames that are looked through for them. */
const ChainFRAMES = 200;

/** One call of a chain. */
interface Call { readonly name: string; readonly place: string | null }

/** Frames that know where they are. */
export class Traces extends Frames {
  /** placeOf -- `FILE:LINE:COL` of the instruction before `pc` in the code in a slot; null where the code has no places. */
  placeOf(code: number, pc: number): string | null {
    const hart = this.hart, at = (pc - InstructionSIZE - hart.load32(code, HeaderTHIRD)) / InstructionSIZE;
    hart.loadCap(SlotVM5, code, CodePLACES);
    const count = this.lengthOf(SlotVM5) / 12;
    let low = 0, limit = count;
    while (low < limit) {
      const middle = (low + limit) >>> 1;
      if (hart.load32(SlotVM5, BytesBYTES + 12 * middle) <= at) low = middle + 1;
      else limit = middle;
    }
    if (low === 0) return null;
    const entry = BytesBYTES + 12 * (low - 1), line = hart.load32(SlotVM5, entry + 4), column = hart.load32(SlotVM5, entry + 8);
    hart.loadCap(SlotVM5, code, CodeSOURCE);
    return `${this.stringOf(SlotVM5)}:${line}:${column}`;
  }

  /** isSourced -- whether the code in a slot is of a source with a name: not the prelude, not made by hand. */
  private isSourced(code: number): boolean {
    this.hart.loadCap(SlotVM5, code, CodeSOURCE);
    return this.lengthOf(SlotVM5) > 0;
  }

  /** codeName -- the name of the procedure whose code is in a slot; '' where it has none. */
  codeName(code: number): string {
    this.hart.loadCap(SlotVM5, code, CodeNAME);
    return this.isFalse(SlotVM5) ? '' : this.symbolName(SlotVM5);
  }

  /** procedureName -- the name of the procedure in a slot. */
  procedureName(slot: number): string {
    const hart = this.hart, kind = this.kindOf(slot);
    if (kind === KindCLOSURE) {
      hart.loadCap(SlotVM6, slot, ClosureCODE);
      return this.codeName(SlotVM6);
    }
    if (kind !== KindPRIMITIVE) return '';
    hart.loadCap(SlotVM5, slot, PrimitiveNAME);
    return this.symbolName(SlotVM5);
  }

  /** calls -- the running procedure and those that wait for it, innermost first. Allocates nothing. */
  private calls(): Call[] {
    const hart = this.hart, found: Call[] = [];
    const note = (code: number, pc: number): void => {
      if (found.length > ChainMOST || hart.load32(code, 0) !== KindCODE) return;
      const place = this.placeOf(code, pc), name = this.codeName(code);
      if (place !== null || (name !== '' && this.isSourced(code))) found.push({ name, place });
    };
    note(SlotCODE, this.pc);
    let frames = 0, fp = this.fp;
    for (; fp !== WindowBASE && frames < ChainFRAMES; fp -= this.distance(fp), frames += 1) note(fp, this.linkPc(fp));
    hart.move(SlotVM4, SlotCONT);
    let at = hart.r[(SlotCONT << 3) + 7];
    for (; hart.isTagged(SlotVM4) && frames < ChainFRAMES; frames += 1) {
      const pc = hart.load32(SlotVM4, at), older = hart.load32(SlotVM4, at + 8);
      hart.loadCap(SlotVM6, SlotVM4, at + ValueSIZE);
      note(SlotVM6, pc);
      at = older !== 0 ? older : hart.load32(SlotVM4, HeaderTHIRD);
      if (older === 0) hart.loadCap(SlotVM4, SlotVM4, StackPARENT);
    }
    hart.clear(SlotVM4);
    hart.clear(SlotVM5);
    hart.clear(SlotVM6);
    return found;
  }

  /** place -- where the program is, in the innermost procedure that has a place; null if none has. */
  place(): string | null {
    return this.calls().find(({ place }) => place !== null)?.place ?? null;
  }

  /** chain -- the calls that led here as lines, innermost first. */
  chain(): string[] {
    const calls = this.calls();
    const lines = calls.slice(0, ChainMOST).map(({ name, place }) =>
      `in ${name === '' ? 'a procedure' : name}${place === null ? '' : ` at ${place}`}`);
    return calls.length > ChainMOST ? [...lines, '...'] : lines;
  }

  // Conditions -------------------------------------------------------------------------------------------------------

  /** condition -- put the condition for what was thrown in slot `dst`, which is none of its irritants. */
  condition(dst: number, raised: SchemeRaise): void {
    const hart = this.hart, f = hart.enter(4), message = f, irritants = f + 1, place = f + 2, chain = f + 3;
    this.setConstant(irritants, ConstantNULL);
    for (const irritant of [...raised.irritants].reverse()) this.cons(irritants, irritant, irritants);
    this.makeString(message, raised.message);
    const here = this.place(), lines = this.chain();
    if (here === null) this.setConstant(place, ConstantFALSE);
    else this.makeString(place, here);
    this.setConstant(chain, ConstantNULL);
    for (const line of lines.reverse()) {
      this.makeString(SlotVM1, line);
      this.cons(chain, SlotVM1, chain);
    }
    this.makeCondition(dst, raised.type, f);
    hart.leave(f);
  }

  /** makeCondition -- a condition whose message, irritants, place and chain are in four slots from `parts` on. */
  makeCondition(dst: number, type: number, parts: number): void {
    const hart = this.hart;
    this.setFixnum(SlotVM1, type);
    do {
      this.allocate(dst, ConditionSIZE);
      this.header(dst, KindCONDITION, 0, 0, 0);
      hart.storeCap(dst, ConditionTYPE, SlotVM1);
      hart.storeCap(dst, ConditionMESSAGE, parts);
      hart.storeCap(dst, ConditionIRRITANTS, parts + 1);
      hart.storeCap(dst, ConditionPLACE, parts + 2);
      hart.storeCap(dst, ConditionCHAIN, parts + 3);
    } while (!this.commit(dst));
    hart.clear(SlotVM1);
  }

  /** makeExhausted -- the condition for a full heap, made while there is room. */
  protected makeExhausted(dst: number): void {
    const hart = this.hart, f = hart.enter(4);
    this.makeString(f, 'heap exhausted');
    this.setConstant(f + 1, ConstantNULL);
    this.setConstant(f + 2, ConstantFALSE);
    this.setConstant(f + 3, ConstantNULL);
    this.makeCondition(dst, ConditionEXHAUSTED, f);
    hart.leave(f);
  }

  /** conditionText -- the message of a condition, or of anything raised, as one line; `show` prints values. */
  conditionText(slot: number, show: (slot: number, write: boolean) => string): string {
    if (this.kindOf(slot) !== KindCONDITION) return `uncaught value: ${show(slot, true)}`;
    const hart = this.hart, part = SlotVM1, rest = SlotVM4;
    hart.loadCap(part, slot, ConditionMESSAGE);
    let text = show(part, false);
    hart.loadCap(rest, slot, ConditionIRRITANTS);
    for (; this.isPair(rest); hart.loadCap(rest, rest, PairCDR)) {
      hart.loadCap(part, rest, PairCAR);
      text += ` ${show(part, true)}`;
    }
    hart.loadCap(part, slot, ConditionPLACE);
    if (hart.isTagged(part)) text = `${this.stringOf(part)}: ${text}`;
    hart.clear(part);
    hart.clear(rest);
    return text;
  }

  /** conditionChain -- the call chain of a condition; null for what is none, or has none. */
  conditionChain(slot: number): string[] | null {
    if (this.kindOf(slot) !== KindCONDITION) return null;
    const hart = this.hart, lines: string[] = [];
    hart.loadCap(SlotVM4, slot, ConditionCHAIN);
    for (; this.isPair(SlotVM4); hart.loadCap(SlotVM4, SlotVM4, PairCDR)) {
      hart.loadCap(SlotVM1, SlotVM4, PairCAR);
      lines.push(this.stringOf(SlotVM1));
    }
    hart.clear(SlotVM1);
    hart.clear(SlotVM4);
    return lines;
  }

  /** conditionType -- the type of a condition; null for what is none. */
  conditionType(slot: number): number | null {
    if (this.kindOf(slot) !== KindCONDITION) return null;
    this.hart.loadCap(SlotVM1, slot, ConditionTYPE);
    return this.fixnum(SlotVM1);
  }

  /** listLength -- the length of a list in a slot, or -1 where it is none; it stops at `most`. */
  protected listLength(slot: number, most: number): number {
    const hart = this.hart;
    hart.move(SlotVM1, slot);
    let n = 0;
    for (; n < most && this.isPair(SlotVM1); n += 1) hart.loadCap(SlotVM1, SlotVM1, PairCDR);
    const isList = n === most || this.isConstant(SlotVM1, ConstantNULL);
    hart.clear(SlotVM1);
    return isList ? n : -1;
  }
}
