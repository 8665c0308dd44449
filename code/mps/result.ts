/* result.ts: RESULT CODES
 *
 * What an operation that depends on the world may answer <design/mps#.res>; the names are the MPS's.
 */

/** A result code. */
export type Res = number;

export const ResOK = 0;
export const ResFAIL = 1;
/** A resource other than memory ran out. */
export const ResRESOURCE = 2;
/** The machine's memory ran out. */
export const ResMEMORY = 3;
/** An internal limit was reached. */
export const ResLIMIT = 4;
export const ResUNIMPL = 5;
export const ResIO = 6;
/** The arena's commit limit was reached. */
export const ResCOMMITLIMIT = 7;
export const ResPARAM = 8;

const names = ['OK', 'FAIL', 'RESOURCE', 'MEMORY', 'LIMIT', 'UNIMPL', 'IO', 'COMMIT_LIMIT', 'PARAM'];

/** resName -- a result code as text. */
export const resName = (res: Res): string => names[res] ?? `result ${res}`;
