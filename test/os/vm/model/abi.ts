/* abi.ts: THE NUMBERS OF THE CALLS
 *
 * What programs pass to the calls, of both systems, in one place for the models and the histories.
 */
export {
  AdviceDOFORK, AdviceDONTFORK, AdviceDONTNEED, AdviceFREE, AdviceKEEPONFORK, AdviceWILLNEED, AdviceWIPEONFORK, InheritCOPY, InheritNONE, InheritSHARE, InheritZERO,
  Map32BIT, MapANON, MapEXCL, MapFIXED, MapGROWSDOWN, MapGUARD, MapNOREPLACE, MapPRIVATE, MapRUN, MapSHARED, MapSTACK, mapAligned, mapAlignment,
  ProtCAP, ProtEXEC, ProtNOCAP, ProtNONE, ProtREAD, ProtWRITE, protMax, RemapFIXED, RemapMAYMOVE, ShmRDONLY,
} from '../../../../code/os/vm/mman.ts';

/** protMaxOf -- PROT_MAX of a program's prot, or the prot. */
export const protMaxOf = (prot: number): number => (prot >>> 16 === 0 ? prot & 0xffff : prot >>> 16);
