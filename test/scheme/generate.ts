/* generate.ts: RANDOM SCHEME PROGRAMS
 *
 * A seed names a program that ends by itself, allocates enough for a small nursery to be collected often, changes old
 * objects to point at new ones, and prints everything that it did. No program depends on what R7RS leaves open: the order
 * of operands, the text of an implementation's own errors, `eq?` on numbers <design/testing#.generated>.
 */
import { Draft } from './generate/draft.ts';
import { statement } from './generate/expressions.ts';
import { layout } from './generate/layout.ts';
import { churning, closing, opening, procedures, sections, state } from './generate/sections.ts';

/** generate -- the program of a seed, any integer */
export function generate(seed: number): string {
  const d = new Draft(seed);
  opening(d);
  state(d);
  procedures(d);
  for (const section of d.shuffle(sections).slice(0, d.between(3, 5))) {
    section(d);
    for (let i = d.between(1, 2); i > 0; i -= 1) d.add(statement(d, 3));
  }
  churning(d);
  closing(d);
  return `; seed ${seed}\n${layout(d.forms.join('\n'))}`;
}
