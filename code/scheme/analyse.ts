/* analyse.ts: WHAT THE CODE GENERATOR MUST KNOW FIRST
 *
 * Two walks over a top-level form <design/vm#.analysis>. The first finds the targets of set! and the *loops*: procedures bound by
 * letrec that are only ever called, in tail position, from their own body and that of their letrec. A loop becomes a
 * jump. The second finds the free variables of every other procedure, and the letrec variables that may be seen before
 * they have a value.
 */
import type { Call, Expr, Lambda, Letrec, Variable } from './ir.ts';

/** A letrec procedure that may turn out to be a loop. */
interface Candidate {
  readonly letrec: Letrec;
  readonly lambda: Lambda;
  /** How many candidates' bodies the letrec is in. */
  readonly depth: number;
  valid: boolean;
  /** Candidates from outside that are called in this one's body: if this is no loop, nor are they. */
  readonly inside: Set<Candidate>;
}

/** A procedure under the second walk: what is bound in it, and what it takes from outside. */
interface Frame {
  readonly own: Set<Variable>;
  readonly free: Set<Variable>;
}

/** A letrec whose inits are being walked: variables that have no value yet. */
interface Pending {
  readonly early: Set<Variable>;
}

/** What is known of a top-level form. */
export class Analysis {
  /** Free variables of each procedure that is no loop, in order of first mention. */
  readonly free: Map<Lambda, readonly Variable[]> = new Map();
  private readonly assigned = new Set<Variable>();
  private readonly early = new Set<Variable>();
  private readonly loops = new Set<Letrec>();
  private readonly candidates = new Map<Variable, Candidate>();
  private readonly frames: Frame[] = [{ own: new Set(), free: new Set() }];
  private readonly pending: Pending[] = [];

  constructor(form: Expr) {
    this.find(form, [], []);
    this.settle();
    this.visit(form);
  }

  /** isBoxed -- whether the variable lives in a box: a frame may be copied by a continuation, so what changes does not live there. */
  isBoxed(variable: Variable): boolean {
    return this.assigned.has(variable) || this.early.has(variable);
  }

  /** isEarly -- whether the variable may be seen before it has a value. */
  isEarly(variable: Variable): boolean {
    return this.early.has(variable);
  }

  /** isLoop -- whether this letrec is a loop. */
  isLoop(letrec: Letrec): boolean {
    return this.loops.has(letrec);
  }

  // First walk -------------------------------------------------------------------------------------------------------

  /** find -- `tails` are the candidates for which this place is a tail position, `within` those whose body it is in. */
  private find(expr: Expr, tails: readonly Candidate[], within: readonly Candidate[]): void {
    switch (expr.op) {
      case 'const': case 'global': return;
      case 'local': this.refuse(expr.variable); return;
      case 'setlocal':
        this.assigned.add(expr.variable);
        this.refuse(expr.variable);
        this.find(expr.value, [], within);
        return;
      case 'setglobal': case 'define': this.find(expr.value, [], within); return;
      case 'if':
        this.find(expr.test, [], within);
        this.find(expr.then, tails, within);
        this.find(expr.else, tails, within);
        return;
      case 'seq':
        expr.body.forEach((part, i) => this.find(part, i === expr.body.length - 1 ? tails : [], within));
        return;
      case 'lambda':
        for (const clause of expr.clauses) this.find(clause.body, [], within);
        return;
      case 'let':
        for (const init of expr.inits) this.find(init, [], within);
        this.find(expr.body, tails, within);
        return;
      case 'letrec': this.findLetrec(expr, tails, within); return;
      case 'call': this.findCall(expr, tails, within); 
    }
  }

  private findLetrec(expr: Letrec, tails: readonly Candidate[], within: readonly Candidate[]): void {
    const lambda = expr.inits[0];
    if (expr.variables.length === 1 && lambda?.op === 'lambda' && lambda.clauses.length === 1 && lambda.clauses[0]?.rest === null) {
      const candidate: Candidate = { letrec: expr, lambda, depth: within.length, valid: true, inside: new Set() };
      this.candidates.set(expr.variables[0], candidate);
      const here = [...tails, candidate];
      this.find(lambda.clauses[0].body, here, [...within, candidate]);
      this.find(expr.body, here, within);
      return;
    }
    for (const init of expr.inits) this.find(init, [], within);
    this.find(expr.body, tails, within);
  }

  private findCall(expr: Call, tails: readonly Candidate[], within: readonly Candidate[]): void {
    for (const arg of expr.args) this.find(arg, [], within);
    const candidate = expr.callee.op === 'local' ? this.candidates.get(expr.callee.variable) : undefined;
    if (candidate === undefined) {
      this.find(expr.callee, [], within);
      return;
    }
    const fits = candidate.lambda.clauses[0]?.params.length === expr.args.length;
    if (!fits || !tails.includes(candidate)) candidate.valid = false;
    for (const inner of within.slice(candidate.depth)) if (inner !== candidate) inner.inside.add(candidate);
  }

  private refuse(variable: Variable): void {
    const candidate = this.candidates.get(variable);
    if (candidate !== undefined) candidate.valid = false;
  }

  /** settle -- a call from within a candidate that is no loop is a call from another procedure. */
  private settle(): void {
    const refused = [...this.candidates.values()].filter((candidate) => !candidate.valid);
    for (let candidate = refused.pop(); candidate !== undefined; candidate = refused.pop()) {
      for (const outer of candidate.inside) {
        if (outer.valid) refused.push(outer);
        outer.valid = false;
      }
    }
    for (const candidate of this.candidates.values()) if (candidate.valid) this.loops.add(candidate.letrec);
  }

  // Second walk ------------------------------------------------------------------------------------------------------

  private visit(expr: Expr): void {
    switch (expr.op) {
      case 'const': case 'global': return;
      case 'local': this.mention(expr.variable); return;
      case 'setlocal':
        this.mention(expr.variable);
        this.visit(expr.value);
        return;
      case 'setglobal': case 'define': this.visit(expr.value); return;
      case 'if':
        this.visit(expr.test);
        this.visit(expr.then);
        this.visit(expr.else);
        return;
      case 'seq':
        for (const part of expr.body) this.visit(part);
        return;
      case 'lambda': this.visitLambda(expr); return;
      case 'let':
        for (const init of expr.inits) this.visit(init);
        this.bind(expr.variables);
        this.visit(expr.body);
        return;
      case 'letrec': this.visitLetrec(expr); return;
      case 'call':
        this.visit(expr.callee);
        for (const arg of expr.args) this.visit(arg);
        
    }
  }

  private visitLambda(lambda: Lambda): void {
    const frame: Frame = { own: new Set(), free: new Set() };
    this.frames.push(frame);
    for (const clause of lambda.clauses) {
      this.bind(clause.params);
      if (clause.rest !== null) frame.own.add(clause.rest);
      this.visit(clause.body);
    }
    this.frames.pop();
    this.free.set(lambda, [...frame.free]);
  }

  private visitLetrec(expr: Letrec): void {
    this.bind(expr.variables);
    if (this.loops.has(expr)) {
      const clause = (expr.inits[0] as Lambda).clauses[0];
      if (clause === undefined) return;
      this.bind(clause.params);
      this.visit(expr.body);
      this.visit(clause.body);
      return;
    }
    const early = new Set(expr.variables);
    this.pending.push({ early });
    for (let i = 0; i < expr.inits.length;) {
      const limit = runLimit(expr.inits, i);
      for (let v = i; v < limit; v += 1) if (expr.inits[v]?.op === 'lambda') early.delete(expr.variables[v]);
      for (let v = i; v < limit; v += 1) this.visit(expr.inits[v]);
      for (let v = i; v < limit; v += 1) early.delete(expr.variables[v]);
      i = limit;
    }
    this.pending.pop();
    this.visit(expr.body);
  }

  private bind(variables: readonly Variable[]): void {
    const own = this.frames[this.frames.length - 1]?.own;
    for (const variable of variables) own?.add(variable);
  }

  private mention(variable: Variable): void {
    for (const pending of this.pending) if (pending.early.has(variable)) this.early.add(variable);
    for (let i = this.frames.length - 1; i > 0; i -= 1) {
      const frame = this.frames[i];
      if (frame.own.has(variable)) return;
      frame.free.add(variable);
    }
  }
}

/** runLimit -- where the run of procedures that begins at init `i` ends; any other init is a run of its own. */
export function runLimit(inits: readonly Expr[], i: number): number {
  let limit = i + 1;
  if (inits[i]?.op === 'lambda') while (inits[limit]?.op === 'lambda') limit += 1;
  return limit;
}
