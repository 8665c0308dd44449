/* registers.ts: THE FIRST REGISTERS OF A PROGRAM
 *
 * Where a program finds what it begins with, and what that may do <design/exec#.start>.
 */
import { HartREGISTERS, type Format } from '../../machine/machine.ts';
import { ArgumentSLOT } from '../thread.ts';
import { permsOfProt, permVmem, ProtHASCAP, ProtREAD, ProtWRITE } from '../vm/mman.ts';

/** CHERI-RISC-V's registers, on Morello too <design/exec#.departs.registers>. */
export const ReturnSLOT = 1;
export const StackSLOT = 2;
export const DataSLOT = 3;
export const ArgcSLOT: number = ArgumentSLOT;
export const ArgvSLOT: number = ArgumentSLOT + 1;
export const EnvpSLOT: number = ArgumentSLOT + 2;
export const AuxvSLOT: number = ArgumentSLOT + 3;
/** The program counter, which harts do not have. */
export const CodeSLOT: number = HartREGISTERS - 1;

/** codePerms -- of a program counter: no store, and no right to change mappings. */
export const codePerms = ({ perm }: Format): number => perm.global | perm.execute | perm.load | perm.loadCap | perm.mutableLoad;

/** dataPerms -- of memory that holds capabilities, without the right to change mappings. */
export const dataPerms = (format: Format): number =>
  permsOfProt(format, ProtREAD | ProtWRITE | ProtHASCAP, 0) & ~permVmem(format);
