/* primitives.ts: ALL PRIMITIVES
 *
 * The procedures that the host has a part in, by name, and what the virtual machine asks of them <design/scheme#.primitive>.
 * Prelude and expander call some under a second name, which no program rebinds by accident <design/scheme#.inv.reserved>.
 */
import { primitive, type Hooks, type Primitive } from '../primitive.ts';
import { arith, arithmeticPrimitives, compareSlots } from './arithmetic.ts';
import { bytevectorPrimitives } from './bytevectors.ts';
import { characterPrimitives } from './characters.ts';
import { controlPrimitives } from './control.ts';
import { equalityPrimitives } from './equality.ts';
import { inputPrimitives } from './input.ts';
import { numberPrimitives } from './numbers.ts';
import { outputPrimitives } from './output.ts';
import { pairPrimitives } from './pairs.ts';
import { portPrimitives } from './ports.ts';
import { show } from './printer.ts';
import { recordPrimitives } from './records.ts';
import { stringPrimitives } from './strings.ts';
import { vectorPrimitives } from './vectors.ts';

const own: readonly Primitive[] = [
  ...arithmeticPrimitives, ...numberPrimitives, ...equalityPrimitives, ...pairPrimitives, ...vectorPrimitives,
  ...stringPrimitives, ...characterPrimitives, ...bytevectorPrimitives, ...controlPrimitives, ...recordPrimitives,
  ...portPrimitives, ...outputPrimitives, ...inputPrimitives,
];

/** Names under which a program cannot rebind what its expansions, and the prelude, rely on. */
const aliases: readonly (readonly [alias: string, name: string])[] = [
  ['%append', 'append'], ['%cons', 'cons'], ['%eq?', 'eq?'], ['%eqv?', 'eqv?'], ['%list->vector', 'list->vector'],
  ['%memv', 'memv'], ['%vector', 'vector'], ['%vector-ref', 'vector-ref'], ['%reverse', 'reverse'], ['%length', 'length'],
  ['%assq', 'assq'], ['%error', 'error'], ['%list->string', 'list->string'],
  ['%string-length', 'string-length'], ['%string-ref', 'string-ref'], ['%vector-length', 'vector-length'],
  ['exact->inexact', 'inexact'], ['inexact->exact', 'exact'],
];

function aliased(): Primitive[] {
  const byName = new Map(own.map((each) => [each.name, each]));
  return aliases.map(([alias, name]) => {
    const { min, max, code } = byName.get(name) as Primitive;
    return primitive(alias, min, max, code);
  });
}

/** Every primitive but the virtual machine's own. */
export const primitives: readonly Primitive[] = [...own, ...aliased()];

/** What the virtual machine leaves to the library. */
export const hooks: Hooks = { arith, compare: compareSlots, show };
