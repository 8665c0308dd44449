/* caps.ts: CAPABILITIES TO LOOK AT
 *
 * Patterns of bits of every sort: those of the vectors, which derivations made or nobody could have, and seeded narrowings.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { random } from '../../code/base/base.ts';
import type { Capability, Format } from '../../code/machine/machine.ts';
import { vectorCap, vectorParse } from '../../code/observe/vectors.ts';

const file = new URL('../data/vectors/cheri.jsonl.gz', import.meta.url);

/** capsOfVectors -- the capabilities of all rows that say how they decode. */
export function capsOfVectors({ name }: Format): Capability[] {
  const caps: Capability[] = [];
  for (const [number, line] of gunzipSync(readFileSync(file)).toString('utf8').split('\n').entries()) {
    if (line.includes('"op":"decode"') && line.includes(`"fmt":"${name}"`)) caps.push(vectorCap(vectorParse(line, number)));
  }
  return caps;
}

/** capsDerived -- capabilities that derivations make from the root, of all sizes and at all addresses, most with a tag. */
export function capsDerived(format: Format, seed: number, count: number): Capability[] {
  const draw = random(seed), word = (): bigint => (BigInt(draw(2 ** 32)) << 32n) | BigInt(draw(2 ** 32));
  return Array.from({ length: count }, () => {
    const address = format.name === 'riscv' ? word() >> BigInt(draw(64)) : BigInt.asUintN(64, BigInt.asIntN(56, word() >> BigInt(draw(64))));
    const length = word() >> BigInt(draw(64)), room = (1n << 64n) - address;
    const { cap } = format.setBounds(format.rootAt(address), length < room ? length : room - 1n);
    const moved = format.setAddress(cap, address + (BigInt(draw(2 ** 32)) * length >> 32n));
    return draw(2) === 0 ? cap : moved.tag ? moved : cap;
  });
}
