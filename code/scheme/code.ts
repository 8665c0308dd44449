/* code.ts: CODE AT COMPILE TIME
 *
 * The instructions of one procedure while they are made: words, places, constants, labels. assemble.ts makes heap objects
 * of it <design/vm#.code>.
 */
import { SchemeSyntaxError, type Datum, type Position } from './datum.ts';
import { CodeCONSTANTS, ValueSIZE } from './kinds.ts';
import { ConstantsMAX, FrameMAX, InstructionsMAX, OpJUMP, OpLOOP } from './opcodes.ts';

/** What a procedure refers to. */
export type Constant =
  | { readonly type: 'datum'; readonly datum: Datum }
  | { readonly type: 'global'; readonly name: string }
  | { readonly type: 'code'; readonly code: Code };

/** A place to jump to. */
export interface Label {
  /** The instruction, -1 until it is placed. */
  at: number;
  /** The jumps that wait for it. */
  readonly waiting: number[];
}

const FirstCONSTANT: number = CodeCONSTANTS / ValueSIZE;

/** The code of one procedure in the making. */
export class Code {
  readonly name: string | null;
  readonly at: Position;
  /** Two words an instruction. */
  readonly words: number[] = [];
  /** Three numbers a place: instruction, line, column; it holds up to the next. */
  readonly places: number[] = [];
  readonly constants: Constant[] = [];
  /** Slots of a frame: link and procedure at least. */
  frame: number = 2;
  private readonly known = new Map<string, number>();

  constructor(name: string | null, at: Position) {
    this.name = name;
    this.at = at;
  }

  /** How many instructions there are so far. */
  get length(): number {
    return this.words.length >>> 1;
  }

  /** emit -- add an instruction with three operands of 16 bits; returns its number. */
  emit(op: number, a: number, b: number, c: number): number {
    return this.emitWide(op, a, (b & 0xffff) | (c << 16));
  }

  /** emitWide -- add an instruction with an operand of 32 bits. */
  emitWide(op: number, a: number, w: number): number {
    if (this.length >= InstructionsMAX) throw this.tooLarge('instructions');
    return this.words.push(op | (a << 16), w | 0) / 2 - 1;
  }

  /** place -- the instructions from here on stem from this place of the source; a source without a name has no places. */
  place(at: Position): void {
    if (at.file === '') return;
    const places = this.places, n = places.length;
    if (n > 0 && places[n - 2] === at.line && places[n - 1] === at.column) return;
    if (n > 0 && places[n - 3] === this.length) places.length = n - 3;
    places.push(this.length, at.line, at.column);
  }

  // Labels -----------------------------------------------------------------------------------------------------------

  /** jump -- make instruction `at`, a jump or a test, go to `label`. */
  jump(at: number, label: Label): void {
    if (label.at < 0) label.waiting.push(at);
    else this.patch(at, label.at);
  }

  /** goto -- add a jump to `label`; backward, it is a loop. */
  goto(label: Label): void {
    this.jump(this.emitWide(label.at < 0 ? OpJUMP : OpLOOP, 0, 0), label);
  }

  /** land -- place `label` here. */
  land(label: Label): void {
    label.at = this.length;
    for (const at of label.waiting) this.patch(at, label.at);
    label.waiting.length = 0;
  }

  private patch(at: number, target: number): void {
    const op = (this.words[2 * at]) & 0xffff, distance = target - at - 1;
    const old = this.words[2 * at + 1];
    this.words[2 * at + 1] = op === OpJUMP || op === OpLOOP ? distance : (old & 0xffff) | (distance << 16);
  }

  // Constants --------------------------------------------------------------------------------------------------------

  /** constant -- the granule of a constant; `key` is equal for equal ones, null for one of its own. */
  constant(constant: Constant, key: string | null): number {
    const old = key === null ? undefined : this.known.get(key);
    if (old !== undefined) return old;
    const granule = FirstCONSTANT + this.constants.length;
    if (granule > ConstantsMAX) throw this.tooLarge('constants');
    this.constants.push(constant);
    if (key !== null) this.known.set(key, granule);
    return granule;
  }

  /** symbol -- the granule of a symbol. */
  symbol(name: string): number {
    return this.constant({ type: 'datum', datum: { type: 'symbol', name, at: this.at } }, `symbol ${name}`);
  }

  /** global -- the granule of a global variable's cell. */
  global(name: string): number {
    return this.constant({ type: 'global', name }, `global ${name}`);
  }

  // Limits -----------------------------------------------------------------------------------------------------------

  /** extend -- have the frame reach up to slot `limit`. */
  extend(limit: number): void {
    if (limit > FrameMAX) throw this.tooLarge(`slots, over ${FrameMAX}`);
    if (limit > this.frame) this.frame = limit;
  }

  private tooLarge(what: string): SchemeSyntaxError {
    return new SchemeSyntaxError(this.at, `procedure too large: too many ${what}`, 'split it into smaller procedures');
  }
}

/** label -- a label that is not placed yet. */
export function label(): Label {
  return { at: -1, waiting: [] };
}
