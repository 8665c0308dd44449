/* bignum.ts: INTEGERS OF ANY SIZE
 *
 * Between the digits of a bignum and the host's integers, in time in proportion to their number: by way of hexadecimal text,
 * since shifting a host's integer digit by digit copies it every time <design/scheme#.number.limit>.
 */
import { BignumDIGITS, HeaderTHIRD, KindBIGNUM, objectSize } from '../kinds.ts';
import type { Vm } from '../vm.ts';

/** Up to so many digits the virtual machine's own way is the quicker one. */
const FewDIGITS = 32;
const FewLIMIT: bigint = 1n << 1024n;

/** bignumOf -- the integer that the bignum in a slot is. */
export function bignumOf(vm: Vm, slot: number): bigint {
  const hart = vm.hart, count = vm.lengthOf(slot);
  if (count <= FewDIGITS) return vm.bignum(slot);
  const parts: string[] = ['0x'];
  for (let i = count - 1; i >= 0; i -= 1) {
    parts.push((hart.load32(slot, BignumDIGITS + 4 * i) >>> 0).toString(16).padStart(8, '0'));
  }
  const value = BigInt(parts.join(''));
  return hart.load32(slot, HeaderTHIRD) === 0 ? value : -value;
}

/** integerTo -- dst := an exact integer. */
export function integerTo(vm: Vm, dst: number, value: bigint): void {
  if (value < FewLIMIT && value > -FewLIMIT) {
    vm.setInteger(dst, value);
    return;
  }
  const hart = vm.hart, text = (value < 0n ? -value : value).toString(16), count = Math.ceil(text.length / 8);
  do {
    vm.allocate(dst, objectSize(4 * count));
    vm.header(dst, KindBIGNUM, count, value < 0n ? 1 : 0, 0);
    for (let i = 0; i < count; i += 1) {
      const limit = text.length - 8 * i;
      hart.store32(dst, BignumDIGITS + 4 * i, Number.parseInt(text.slice(Math.max(0, limit - 8), limit), 16) | 0);
    }
    vm.blank(dst, BignumDIGITS + 4 * count);
  } while (!vm.commit(dst));
}

/** isSameBignum -- whether two bignums are the same integer. */
export function isSameBignum(vm: Vm, a: number, b: number): boolean {
  const hart = vm.hart, count = vm.lengthOf(a);
  if (vm.lengthOf(b) !== count || hart.load32(a, HeaderTHIRD) !== hart.load32(b, HeaderTHIRD)) return false;
  for (let i = 0; i < count; i += 1) {
    if (hart.load32(a, BignumDIGITS + 4 * i) !== hart.load32(b, BignumDIGITS + 4 * i)) return false;
  }
  return true;
}
