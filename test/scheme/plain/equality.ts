/* equality.ts: WHEN TWO VALUES ARE THE SAME
 *
 * `eqv?` and `equal?`; `eq?` is `eqv?` here, since programs may not rely on a difference <design/testing#.plain>.
 */
import { Char, Flonum, Pair, Text } from './values.ts';
import type { Value } from './values.ts';

/** isEqv -- the same value, as far as a program can tell */
export function isEqv(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a instanceof Flonum && b instanceof Flonum) return Object.is(a.value, b.value);
  if (a instanceof Char && b instanceof Char) return a.point === b.point;
  return a instanceof Text && b instanceof Text && a.chars.length === 0 && b.chars.length === 0;
}

/** isEqual -- the same shape and the same leaves; lists may be long, but not deep in the car */
export function isEqual(a: Value, b: Value): boolean {
  while (a instanceof Pair && b instanceof Pair) {
    if (!isEqual(a.car, b.car)) return false;
    a = a.cdr;
    b = b.cdr;
  }
  if (a instanceof Text && b instanceof Text) return a.toString() === b.toString();
  if (Array.isArray(a) && Array.isArray(b)) {
    const other: Value[] = b;
    return a.length === b.length && a.every((item, i) => isEqual(item, other[i]));
  }
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.join() === b.join();
  return isEqv(a, b);
}
