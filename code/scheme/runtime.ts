/* runtime.ts: THE RUNTIME
 *
 * From text to a running program: reader, expander, code generator, virtual machine, form by form <design/vm#.runtime>. What a
 * command line needs to know about the end is in `outcome`.
 */
import type { Hart } from '../machine/machine.ts';
import { assemble } from './assemble.ts';
import { generate } from './codegen.ts';
import { SchemeSyntaxError, type Datum, type Position } from './datum.ts';
import { definedNames } from './defined.ts';
import { SchemeRaise } from './errors.ts';
import { Expander } from './expander.ts';
import { ConditionEXHAUSTED, SlotRAISE, SlotREWIND, SlotVM4 } from './kinds.ts';
import { datumOf, datumTo } from './literal.ts';
import { nativesDefine } from './natives.ts';
import type { AllocationPoint } from './objects.ts';
import { prelude } from './prelude.scm.ts';
import { primitive } from './primitive.ts';
import { hooks, primitives } from './primitives/primitives.ts';
import { Reader } from './reader.ts';
import { Shared, type LiteralMaker } from './shared.ts';
import { Vm } from './vm.ts';

/** Calls and loops between two yields, where nothing else is asked. */
const SliceFUEL = 100_000;

/** How a program ended. */
export type Outcome =
  | { readonly status: 'done'; readonly exit: number }
  | { readonly status: 'error'; readonly message: string; readonly chain: readonly string[] }
  | { readonly status: 'syntax'; readonly message: string }
  /** `started`: whether the program itself had begun. */
  | { readonly status: 'exhausted'; readonly message: string; readonly chain: readonly string[]; readonly started: boolean };

/** What a runtime is made with. */
export interface RuntimeOptions {
  /** Takes what the program prints. */
  readonly output: (text: string) => void;
  /** How many calls and loops it is to the next yield; asked at each. */
  readonly fuel?: () => number;
  /** What it has in common with the other runtimes on its heap. */
  readonly shared?: Shared;
}

/** One Scheme program on one hart: a thread. */
export class Runtime {
  /** Null until the program has ended. */
  outcome: Outcome | null = null;
  private readonly hart: Hart;
  private readonly ap: AllocationPoint;
  private readonly options: RuntimeOptions;
  private readonly shared: Shared;
  private machine: Vm | null = null;
  private expander: Expander = new Expander({ prelude: true });
  /** Global names that the program defines or assigns. */
  private defined: Set<string> = new Set();
  /** The top-level forms of all texts, each text's followed by null. */
  private readonly forms: (Form | null)[] = [];

  constructor(hart: Hart, ap: AllocationPoint, options: RuntimeOptions) {
    this.hart = hart;
    this.ap = ap;
    this.options = options;
    this.shared = options.shared ?? new Shared();
  }

  /** The virtual machine; null before `main` has made it. */
  get vm(): Vm | null {
    return this.machine;
  }

  /** main -- load the prelude, then a program, yielding between slices: what a thread runs. Leaves `outcome`. */
  *main(text: string, file: string): Generator<undefined, void, undefined> {
    try {
      if (!(yield* this.start()) || !(yield* this.wait())) return;
      if (yield* this.load(text, file)) this.outcome = { status: 'done', exit: 0 };
    } finally {
      this.finish();
    }
  }

  /** finish -- the thread is about to end: nobody may take what is shared from its registers any more. For who does without
   * `main`. */
  finish(): void {
    this.shared.leave(this.hart);
  }

  /** start -- make the virtual machine and load the prelude; false, with an outcome, where the heap is too small. */
  *start(): Generator<undefined, boolean, undefined> {
    const vm = this.guard(() => this.make());
    if (vm === null) return this.tooSmall();
    this.machine = vm;
    if (!(yield* this.loadPrelude())) return this.tooSmall();
    vm.getGlobal(SlotRAISE, 'raise');
    vm.getGlobal(SlotREWIND, '%rewind');
    this.expander = new Expander();
    this.shared.start();
    return true;
  }

  /** wait -- yield until all runtimes have started; false, with an outcome, if one does not. */
  private *wait(): Generator<undefined, boolean, undefined> {
    while (!this.shared.isReady) {
      if (this.shared.failure !== null) {
        this.outcome = this.shared.failure;
        return false;
      }
      yield;
    }
    return true;
  }

  /** load -- compile and run the forms of a text, one after the other; false, with an outcome, if one ends the program
   *
   * The forms are gone through by a Scheme procedure, so that a continuation taken in one of them goes on with those after it
   * <design/vm#.runtime.forms>.
   */
  *load(text: string, file: string): Generator<undefined, boolean, undefined> {
    const data = this.guard(() => readAll(text, file));
    if (data === null) return false;
    for (const name of definedNames(data.map(({ datum }) => datum))) this.defined.add(name);
    const first = this.forms.length;
    this.forms.push(...data, null);
    return yield* this.run(readAll(`(%run-from ${first})`, '')[0], datumTo);
  }

  /** loadPrelude -- the same before there is any Scheme procedure to go through the forms; yields between them. */
  private *loadPrelude(): Generator<undefined, boolean, undefined> {
    for (const [i, form] of readAll(prelude, '').entries()) {
      if (!(yield* this.run(form, this.shared.literalsOf(-1 - i)))) return false;
      yield;
    }
    return true;
  }

  /** run -- compile a form and run it; false, with an outcome, if it ends the program. */
  private *run({ datum, at }: Form, literal: LiteralMaker): Generator<undefined, boolean, undefined> {
    if (this.guard(() => this.compile(datum, at, SlotVM4, literal)) === null) return false;
    const vm = this.machine as Vm, fuel = this.options.fuel ?? (() => SliceFUEL);
    vm.begin(SlotVM4);
    for (;;) {
      const progress = this.guard(() => vm.run(fuel()));
      if (progress === null) return false;
      if (progress === 'done') return this.ended(vm);
      yield;
    }
  }

  /** formAt -- slot base := the procedure of the form whose number is in slot base + 2; #f after the last of a text. */
  private formAt(vm: Vm, base: number): void {
    const number = vm.fixnum(base + 2), form = this.forms[number] ?? null;
    if (form === null) vm.setBoolean(base, false);
    else this.compile(form.datum, form.at, base, this.shared.literalsOf(number));
  }

  private make(): Vm {
    this.shared.lend(this.hart);
    const vm = new Vm(this.hart, this.ap, hooks);
    this.shared.join(this.hart);
    vm.output = this.options.output;
    nativesDefine(vm);
    for (const each of primitives) vm.definePrimitive(each);
    vm.definePrimitive(primitive('%form', 1, 1, (_, base) => { this.formAt(vm, base); }));
    vm.definePrimitive(primitive('%compile', 1, 1, (_, base) => this.compileValue(vm, base)));
    return vm;
  }

  /** compile -- slot dst := a procedure that evaluates a top-level form. */
  private compile(datum: Datum, at: Position, dst: number, literal: LiteralMaker, tail: boolean = false): true {
    const vm = this.machine as Vm;
    assemble(vm, generate(this.expander.expand(datum, at), this.defined, at, tail), dst, literal);
    return true;
  }

  /** compileValue -- the same for the value in slot base + 2, whose errors are the program's. */
  private compileValue(vm: Vm, base: number): void {
    const at: Position = { file: 'eval', line: 1, column: 1 };
    const datum = datumOf(vm, base + 2, at);
    for (const name of definedNames([datum])) this.defined.add(name);
    try {
      this.compile(datum, at, base, datumTo, true);
    } catch (error) {
      if (error instanceof SchemeSyntaxError) throw vm.error(error.message);
      throw error;
    }
  }

  /** ended -- whether a form ended well; else the outcome says how. */
  private ended(vm: Vm): boolean {
    if (vm.failure !== null) {
      const { status, message, chain } = vm.failure;
      this.outcome = status === 'error' ? { status, message, chain } : { status, message, chain, started: true };
      return false;
    }
    if (vm.exitCode === null) return true;
    this.outcome = { status: 'done', exit: vm.exitCode };
    return false;
  }

  /** guard -- what `make` makes; null, with an outcome, if the text is wrong or the heap full. */
  private guard<T>(make: () => T): T | null {
    try {
      return make();
    } catch (error) {
      if (error instanceof SchemeSyntaxError) this.outcome = { status: 'syntax', message: error.message };
      else if (error instanceof SchemeRaise && error.type === ConditionEXHAUSTED) {
        this.outcome = { status: 'exhausted', message: error.message, chain: [], started: true };
      } else throw error;
      return null;
    }
  }

  private tooSmall(): false {
    if (this.outcome?.status === 'exhausted') this.outcome = { ...this.outcome, started: false };
    this.shared.failure = this.outcome;
    return false;
  }
}

/** A datum with the place where it begins. */
interface Form { readonly datum: Datum; readonly at: Position }

function readAll(text: string, file: string): Form[] {
  const reader = new Reader(text, file), forms: Form[] = [];
  for (let datum = reader.read(); datum !== null; datum = reader.read()) forms.push({ datum, at: reader.at });
  return forms;
}

