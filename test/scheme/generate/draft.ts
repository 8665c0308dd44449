/* draft.ts: A PROGRAM BEING WRITTEN
 *
 * What the generator knows while it writes: the variables in scope with their types, the procedures that may be called,
 * and how much work the program will do, so that every program ends soon <design/testing#.generated>.
 */
import { random } from '../../../code/base/base.ts';
import type { Random } from '../../../code/base/base.ts';

/** What a variable holds. Lists and vectors hold nothing that could lead back to them: no generated structure is cyclic. */
export type Type = 'int' | 'ints' | 'text' | 'sym' | 'table' | 'slots' | 'cells' | 'maker';

/** A variable: `slots` (lists of integers) and `cells` (integers) are vectors of `size` elements. */
export interface Variable { readonly name: string; readonly type: Type; readonly size: number; readonly assignable: boolean }

/** A procedure of integers, without effects, that ends after about `cost` steps. */
export interface Procedure { readonly name: string; readonly params: number; readonly cost: number }

/** How many evaluations of generated expressions a whole program may take, about. */
const COST = 12_000;

export class Draft {
  readonly seed: number;
  readonly forms: string[] = [];
  readonly procedures: Procedure[] = [];
  variables: Variable[] = [];
  /** Work so far, and how many times the place being written will run. */
  cost = 0;
  weight = 1;
  private readonly draw: Random;
  private named = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.draw = random(seed);
    for (let i = 0; i < 8; i += 1) this.draw(2); // neighbouring seeds begin alike
  }

  /** below -- an integer in [0, limit) */
  below(limit: number): number { return this.draw(limit); }

  /** between -- an integer from `least` to `most` */
  between(least: number, most: number): number { return least + this.draw(most - least + 1); }

  chance(percent: number): boolean { return this.draw(100) < percent; }

  pick<T>(from: readonly T[]): T { return from[this.draw(from.length)]; }

  /** shuffle -- the same things in another order */
  shuffle<T>(from: readonly T[]): T[] {
    const left = [...from], made: T[] = [];
    while (left.length > 0) made.push(...left.splice(this.draw(left.length), 1));
    return made;
  }

  /** times -- `count` things, each made anew */
  times(count: number, make: (index: number) => string): string {
    return Array.from({ length: count }, (_, i) => make(i)).join(' ');
  }

  /** name -- an identifier that is not used yet */
  name(stem: string): string {
    this.named += 1;
    return `${stem}${this.named}`;
  }

  /** add -- one more top-level form */
  add(...forms: string[]): void { this.forms.push(...forms); }

  /** declare -- a variable that the rest may use */
  declare(type: Type, stem: string, size = 0, assignable = true): string {
    const name = this.name(stem);
    this.variables.push({ name, type, size, assignable });
    return name;
  }

  /** find -- some variable of that type in scope */
  find(type: Type, assignable = false): Variable | null {
    const all = this.variables.filter((v) => v.type === type && (v.assignable || !assignable));
    return all.length === 0 ? null : this.pick(all);
  }

  /** within -- write something that sees `extra` variables as well, and runs `times` times as often */
  within(extra: readonly Variable[], times: number, write: () => string): string {
    const { variables, weight } = this;
    this.variables = [...variables, ...extra];
    this.weight = weight * times;
    const text = write();
    this.variables = variables;
    this.weight = weight;
    return text;
  }

  /** afford -- account for `cost` at this place, if the program may still do that much */
  afford(cost: number): boolean {
    if (this.cost + cost * this.weight > COST) return false;
    this.cost += cost * this.weight;
    return true;
  }
}

/** bound -- a local integer, not assigned */
export const bound = (name: string): Variable => ({ name, type: 'int', size: 0, assignable: false });
