/* codegen.ts: THE CODE GENERATOR
 *
 * Core language to instructions <design/vm#.codegen>. Variables and temporaries are slots of the frame, taken as on a stack; a
 * call's arguments are evaluated where the callee's frame will be.
 *
 * .final: What has a slot as its destination writes it as its last act, for the slot may be that of a variable that is
 * read until then <design/vm#.codegen.final>. The destination may be the first free slot itself.
 */
import { Analysis, runLimit } from './analyse.ts';
import { test } from './branch.ts';
import { call } from './calls.ts';
import { Code, label } from './code.ts';
import { ContextEFFECT, into, word, type Context } from './context.ts';
import type { Datum, Position } from './datum.ts';
import type { Clause, Expr, If, Lambda, Let, Letrec, Variable } from './ir.ts';
import {
  ConstantFALSE, ConstantNULL, ConstantTRUE, ConstantUNASSIGNED, ConstantUNSPECIFIC, ImmediateCHAR, ImmediateCONSTANT,
} from './kinds.ts';
import { loop } from './loop.ts';
import {
  OpARITY, OpBOX, OpBOXREF, OpBOXREFCHECK, OpBOXSET, OpCLOSESET, OpCLOSURE, OpCONST, OpENTER, OpFIX, OpFREE, OpGDEF, OpGREF,
  OpGSET, OpIFARGS, OpIFMANY, OpIMM, OpMOVE, OpREST, OpRETURN,
} from './opcodes.ts';

/** The first argument of a frame. */
const FirstARGUMENT = 2;
/** The running procedure itself. */
const SelfSLOT = 1;
/** The first free value of a closure, in granules. */
const FirstFREE = 2;

/** Where a variable is. */
export interface Where { readonly slot: number | null; readonly granule: number }

/** generate -- the code of a procedure without parameters that evaluates a top-level form
 *
 * `defined` are the global names that the program defines or assigns. Unless `tail`, its frame stays until the form is done,
 * so that errors can say where it is.
 */
export function generate(form: Expr, defined: ReadonlySet<string>, at: Position, tail: boolean = false): Code {
  const code = new Code('top level', at), g = new Generator(code, new Analysis(form), defined);
  if (tail) g.procedure([{ params: [], rest: null, body: form }]);
  else g.program(form);
  return code;
}

/** Generates one procedure. */
export class Generator {
  readonly code: Code;
  readonly analysis: Analysis;
  readonly defined: ReadonlySet<string>;
  readonly where: Map<Variable, Where> = new Map();
  /** The first free slot. */
  top: number = FirstARGUMENT;
  /** The instructions that name the size of the frame. */
  private readonly entries: number[] = [];

  constructor(code: Code, analysis: Analysis, defined: ReadonlySet<string>) {
    this.code = code;
    this.analysis = analysis;
    this.defined = defined;
  }

  // Procedures -------------------------------------------------------------------------------------------------------

  procedure(clauses: readonly Clause[]): void {
    const single = clauses.length === 1;
    for (const clause of clauses) {
      const next = label();
      if (!single) this.code.jump(this.code.emit(clause.rest === null ? OpIFARGS : OpIFMANY, clause.params.length, 0, 0), next);
      this.clause(clause);
      this.code.land(next);
    }
    if (!single) this.code.emit(OpARITY, 0, 0, 0);
    this.seal();
  }

  /** program -- a procedure without parameters, its body not in tail position. */
  program(form: Expr): void {
    this.entries.push(this.code.emit(OpENTER, 0, 0, 0));
    this.code.emit(OpRETURN, word(this.operand(form)), 0, 0);
    this.seal();
  }

  /** seal -- tell the entries the size of the frame. */
  private seal(): void {
    for (const entry of this.entries) this.code.words[2 * entry + 1] = word(this.code.frame);
  }

  private clause(clause: Clause): void {
    const { params, rest } = clause;
    const all = rest === null ? params : [...params, rest];
    this.top = FirstARGUMENT;
    this.entries.push(this.code.emit(rest === null ? OpENTER : OpREST, params.length, 0, 0));
    for (const variable of all) this.bind(variable, this.take());
    for (const variable of all) this.box(variable);
    this.gen(clause.body, { mode: 'tail', dst: -1, loops: [] });
  }

  /** take -- the next slot, in use from now. */
  take(): number {
    const slot = this.top;
    this.claim(slot + 1);
    return slot;
  }

  /** claim -- have slots below `limit` be in use. */
  claim(limit: number): void {
    this.top = limit;
    this.code.extend(limit);
  }

  /** bind -- have the variable live in slot `slot`. */
  bind(variable: Variable, slot: number): void {
    this.where.set(variable, { slot, granule: 0 });
  }

  /** box -- put the value of a variable that needs it in a box. */
  box(variable: Variable): void {
    const slot = this.where.get(variable)?.slot;
    if (slot != null && this.analysis.isBoxed(variable)) this.code.emit(OpBOX, word(slot), word(slot), 0);
  }

  /** lambda -- a new closure in slot `dst`; returns what it captured. `self` is the variable that will hold it, if any. */
  private lambda(lambda: Lambda, dst: number, self: Variable | null): readonly Variable[] {
    const code = new Code(lambda.name === '' ? null : lambda.name, lambda.at);
    const child = new Generator(code, this.analysis, this.defined);
    const free = (this.analysis.free.get(lambda) ?? []).filter((variable) => variable !== self);
    free.forEach((variable, i) => child.where.set(variable, { slot: null, granule: FirstFREE + i }));
    if (self !== null) child.bind(self, SelfSLOT);
    child.procedure(lambda.clauses);
    this.code.extend(dst + 1);
    this.code.emit(OpCLOSURE, word(dst), free.length, this.code.constant({ type: 'code', code }, null));
    const captures = free.map((variable) => {
      const { slot, granule } = this.find(variable);
      return slot === null ? ~granule : word(slot);
    });
    if (captures.length % 2 !== 0) captures.push(0);
    this.code.words.push(...captures);
    return free;
  }

  /** find -- where the variable is. */
  find(variable: Variable): Where {
    const where = this.where.get(variable);
    if (where === undefined) throw new Error(`variable ${variable.name} is out of scope`);
    return where;
  }

  // Expressions ------------------------------------------------------------------------------------------------------

  /** gen -- evaluate for a context; whether control may come to what follows. */
  gen(expr: Expr, context: Context): boolean {
    switch (expr.op) {
      case 'const': return context.mode === 'effect' || this.deliver(context, (dst) => this.constant(expr.value, dst));
      case 'local': return this.local(expr.variable, context);
      case 'global':
        return this.deliver(context, (dst) => {
          this.code.place(expr.at);
          this.code.emit(OpGREF, word(dst), 0, this.code.global(expr.name));
        });
      case 'setlocal': return this.setLocal(expr.variable, expr.value, context);
      case 'setglobal': return this.setGlobal(OpGSET, expr.name, expr.value, expr.at, context);
      case 'define': return this.setGlobal(OpGDEF, expr.name, expr.value, expr.at, context);
      case 'if': return this.branch(expr, context);
      case 'seq': return this.sequence(expr.body, context);
      case 'lambda': return this.deliver(context, (dst) => void this.lambda(expr, dst, null));
      case 'let': return this.let(expr, context);
      case 'letrec': return this.analysis.isLoop(expr) ? loop(this, expr, context) : this.letrec(expr, context);
      case 'call': return call(this, expr, context);
    }
  }

  /** deliver -- have `produce` write a value where the context wants it. */
  deliver(context: Context, produce: (dst: number) => void): boolean {
    const dst = context.mode === 'value' ? context.dst : this.top;
    this.code.extend(dst + 1);
    produce(dst);
    if (context.mode === 'tail') this.code.emit(OpRETURN, word(dst), 0, 0);
    return context.mode !== 'tail';
  }

  /** unspecific -- deliver the value of what has none. */
  unspecific(context: Context): boolean {
    return context.mode === 'effect' || this.deliver(context, (dst) => this.immediate(dst, ConstantUNSPECIFIC));
  }

  /** immediate -- slot `dst` := a constant. */
  immediate(dst: number, constant: number): void {
    this.code.emit(OpIMM, word(dst), ImmediateCONSTANT, constant);
  }

  private constant(datum: Datum, dst: number): void {
    const code = this.code;
    if (datum.type === 'null') this.immediate(dst, ConstantNULL);
    else if (datum.type === 'unspecific') this.immediate(dst, ConstantUNSPECIFIC);
    else if (datum.type === 'boolean') this.immediate(dst, datum.value ? ConstantTRUE : ConstantFALSE);
    else if (datum.type === 'char' && datum.value < 0x1_0000) code.emit(OpIMM, word(dst), ImmediateCHAR, datum.value);
    else if (datum.type === 'integer' && BigInt.asIntN(32, datum.value) === datum.value) {
      code.emitWide(OpFIX, word(dst), Number(datum.value));
    } else if (datum.type === 'symbol') code.emit(OpCONST, word(dst), 0, code.symbol(datum.name));
    else code.emit(OpCONST, word(dst), 0, code.constant({ type: 'datum', datum }, null));
  }

  private local(variable: Variable, context: Context): boolean {
    const { slot, granule } = this.find(variable), code = this.code, boxed = this.analysis.isBoxed(variable);
    if (context.mode === 'effect' && !this.analysis.isEarly(variable)) return true;
    if (slot !== null && !boxed) {
      if (context.mode === 'tail') code.emit(OpRETURN, word(slot), 0, 0);
      else if (context.dst !== slot) this.deliver(context, (dst) => code.emit(OpMOVE, word(dst), word(slot), 0));
      return context.mode !== 'tail';
    }
    return this.deliver(context, (dst) => {
      if (slot === null) code.emit(OpFREE, word(dst), 0, granule);
      if (!boxed) return;
      const op = this.analysis.isEarly(variable) ? OpBOXREFCHECK : OpBOXREF;
      code.emit(op, word(dst), word(slot ?? dst), op === OpBOXREF ? 0 : code.symbol(variable.name));
    });
  }

  /** operand -- the slot of a value: the variable's own where it has one, else a new temporary. */
  operand(expr: Expr): number {
    if (expr.op === 'local' && !this.analysis.isBoxed(expr.variable)) {
      const { slot } = this.find(expr.variable);
      if (slot !== null) return slot;
    }
    const dst = this.top;
    this.gen(expr, into(dst));
    this.claim(dst + 1);
    return dst;
  }

  private setLocal(variable: Variable, value: Expr, context: Context): boolean {
    const top = this.top, from = this.operand(value);
    let { slot } = this.find(variable);
    if (slot === null) {
      slot = this.take();
      this.code.emit(OpFREE, word(slot), 0, this.find(variable).granule);
    }
    this.code.emit(OpBOXSET, word(slot), word(from), 0);
    this.top = top;
    return this.unspecific(context);
  }

  private setGlobal(op: number, name: string, value: Expr, at: Position, context: Context): boolean {
    const top = this.top, from = this.operand(value);
    this.code.place(at);
    this.code.emit(op, 0, word(from), this.code.global(name));
    this.top = top;
    return this.unspecific(context);
  }

  private sequence(body: readonly Expr[], context: Context): boolean {
    const last = body[body.length - 1];
    if (last === undefined) return this.unspecific(context);
    for (const part of body.slice(0, -1)) this.gen(part, ContextEFFECT);
    return this.gen(last, context);
  }

  private branch(expr: If, context: Context): boolean {
    const no = label(), after = label();
    test(this, expr.test, no);
    const then = this.gen(expr.then, context);
    if (context.mode === 'effect' && expr.else.op === 'const') {
      this.code.land(no);
      return true;
    }
    if (then) this.code.goto(after);
    this.code.land(no);
    const other = this.gen(expr.else, context);
    this.code.land(after);
    return then || other;
  }

  // Binding ----------------------------------------------------------------------------------------------------------

  /** let -- bind variables in parallel around a body. */
  let(expr: Let, context: Context): boolean {
    const top = this.top;
    const slots = expr.inits.map((init) => {
      const slot = this.top;
      this.gen(init, into(slot));
      this.claim(slot + 1);
      return slot;
    });
    expr.variables.forEach((variable, i) => this.bind(variable, slots[i]));
    for (const variable of expr.variables) this.box(variable);
    const more = this.gen(expr.body, context);
    this.top = top;
    return more;
  }

  private letrec(expr: Letrec, context: Context): boolean {
    const top = this.top, { variables, inits } = expr;
    for (const variable of variables) {
      const slot = this.take();
      this.bind(variable, slot);
      if (this.analysis.isBoxed(variable)) {
        this.immediate(slot, ConstantUNASSIGNED);
        this.box(variable);
      }
    }
    for (let i = 0; i < inits.length;) {
      const limit = runLimit(inits, i);
      if (inits[i]?.op === 'lambda') this.procedures(variables.slice(i, limit), inits.slice(i, limit) as Lambda[]);
      else this.init(variables[i], inits[i]);
      i = limit;
    }
    const more = this.gen(expr.body, context);
    this.top = top;
    return more;
  }

  private init(variable: Variable, init: Expr): void {
    const slot = this.find(variable).slot as number;
    if (!this.analysis.isBoxed(variable)) {
      this.gen(init, into(slot));
      return;
    }
    const top = this.top;
    this.code.emit(OpBOXSET, word(slot), word(this.operand(init)), 0);
    this.top = top;
  }

  /** procedures -- closures that may know each other: those in boxes last, the others made, then told of the later ones. */
  private procedures(variables: readonly Variable[], lambdas: readonly Lambda[]): void {
    const plain = variables.filter((variable) => !this.analysis.isBoxed(variable));
    const later = new Set(plain), patches: (() => void)[] = [];
    for (const variable of plain) this.immediate(this.find(variable).slot as number, ConstantUNASSIGNED);
    for (const variable of plain) {
      const slot = this.find(variable).slot as number;
      later.delete(variable);
      const captured = this.lambda(lambdas[variables.indexOf(variable)], slot, variable);
      captured.forEach((other, i) => {
        if (!later.has(other)) return;
        patches.push(() => this.code.emit(OpCLOSESET, word(slot), word(this.find(other).slot as number), FirstFREE + i));
      });
    }
    for (const patch of patches) patch();
    variables.forEach((variable, i) => {
      if (this.analysis.isBoxed(variable)) this.init(variable, lambdas[i]);
    });
  }
}
