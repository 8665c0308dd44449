/* grant.ts: CAPABILITIES FOR WHAT IS RESERVED
 *
 * What a program would have been given when its memory was reserved, for tests that look at memory which the kernel has reserved itself.
 */
import { formatOf, type Hart, type Low } from '../../code/machine/machine.ts';
import type { AddressMap } from '../../code/os/vm/address-map.ts';
import { permVmem, protNow } from '../../code/os/vm/mman.ts';
import { capWrite } from '../../code/os/vm/representable.ts';

/** grant -- a capability for all of the reservation that holds an address, at that address, for `prot`; with SW_VMEM if `vmem` says so. */
export function grant(map: AddressMap, hart: Hart, dst: number, addr: Low, prot: number, vmem: boolean): void {
  const perms = map.permsOf(protNow(prot), 0);
  capWrite(hart, dst, map.insist(addr), addr >>> 0, vmem ? perms : perms & ~permVmem(formatOf(hart)));
}
