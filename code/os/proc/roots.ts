/* roots.ts: ROOTS FOR SEALING
 *
 * The two capabilities that a process cannot derive from what it has: for sealing with the object types that are left to processes, and for
 * compartment numbers <design/exec#.roots>.
 */
import type { Capability, Format } from '../../machine/machine.ts';

/** Object types that processes may use: the lower half, without those that Morello gives a meaning. The upper half is the kernel's. */
export const userTypes = (format: Format): { first: number; limit: number } =>
  format.name === 'riscv' ? { first: 0, limit: 0x2_0000 } : { first: 4, limit: 0x4000 };

/** sealRoot -- may seal and unseal with each of them, and nothing else. */
export const sealRoot = (format: Format): Capability => rootFor(format, format.perm.global | format.perm.seal | format.perm.unseal);

/** compartmentRoot -- may be set as the number of a compartment, of which there are as many. */
export const compartmentRoot = (format: Format): Capability => rootFor(format, format.perm.global | format.perm.compartment);

function rootFor(format: Format, perms: number): Capability {
  const { first, limit } = userTypes(format), whole = format.rootAt(BigInt(first));
  return format.andPerm(format.setBoundsExact(whole, BigInt(limit - first)), perms);
}
