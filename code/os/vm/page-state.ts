/* page-state.ts: THE STATE OF A PAGE
 *
 * What a reservation knows of each of its pages, in one word <design/reservation#.state>, and the rights that come of it.
 *
 *     bit  19, 18   17      16    15      14   13     12    11      10    9      8       7..4     3..0
 *          inherit  MODI-   BACK- LOCKED  RUN  PLAIN  OPEN  SHARED  USED  GUARD  MAPPED  maximum  protection
 *                   FIED    ED
 */
import {
  PageDIRTYCAP, PageEXECUTE, PageLOADCAP, PageREAD, PageSIZE, PageSTORECAP, PageVALID, PageWRITE, pageRights,
} from '../../machine/machine.ts';
import { ProtEXEC, ProtHASCAP, ProtREAD, ProtWRITE } from './mman.ts';

export const StatePROT = 0xf;
export const StateMAX = 0xf0;
export const MaxSHIFT = 4;
/** There is a mapping, maybe a guard. Without it the page is a hole, and its state is 0. */
export const StateMAPPED = 0x100;
export const StateGUARD = 0x200;
/** A page of a run may hold something: it has allowed something since it was last wiped. */
export const StateUSED = 0x400;
/** Writes go to the object. */
export const StateSHARED = 0x800;
/** The frame may be written as the protection says: nobody has it who must not see that, and the page counts as modified. */
export const StateOPEN = 0x1000;
/** The object carries no tags: the page has none, whatever its protection. */
export const StatePLAIN = 0x2000;
/** The frame is that of the reservation's run. */
export const StateRUN = 0x4000;
export const StateLOCKED = 0x8000;
/** There is an object. */
export const StateBACKED = 0x1_0000;
export const StateMODIFIED = 0x2_0000;

/** What becomes of a page in a child: by itself, a copy of what is private and the same of what is shared. */
export type Inherit = 'share' | 'copy' | 'none' | 'zero';

/** Values of `Inherit`, in the order of their bits. */
const inherits = ['copy', 'share', 'none', 'zero'] as const;
const InheritSHIFT = 18;
export const StateINHERIT = 0xc_0000;

/** inheritBits -- an `Inherit` as bits of a state. */
export const inheritBits = (how: Inherit): number => inherits.indexOf(how) << InheritSHIFT;

/** inheritOf -- the `Inherit` of a state. */
export const inheritOf = (state: number): Inherit => inherits[(state & StateINHERIT) >>> InheritSHIFT];

/** What of a state `StateRIGHTS` asks for: protection, and OPEN, PLAIN and RUN above it. */
export const RightsSHIFT = 8;
export const RightsMASK = 0x70;

const rightsTable: readonly number[] = Array.from({ length: 128 }, (_, index) => {
  const has = (state: number): boolean => (index & (state >>> RightsSHIFT)) !== 0;
  const cap = (index & ProtHASCAP) !== 0 && !has(StatePLAIN);
  return pageRights(PageVALID
    | ((index & ProtREAD) !== 0 ? PageREAD | (cap ? PageLOADCAP : 0) : 0)
    | ((index & ProtWRITE) !== 0 && has(StateOPEN) ? PageWRITE | (cap ? PageSTORECAP | (has(StateRUN) ? PageDIRTYCAP : 0) : 0) : 0)
    | ((index & ProtEXEC) !== 0 ? PageEXECUTE : 0), false);
});

/** Rights of the entry of a page with a frame <design/reservation#.inv.rights>. */
export const StateRIGHTS: Int32Array = Int32Array.from(rightsTable);

/** rightsOf -- the same from a state. */
export const rightsOf = (state: number): number => StateRIGHTS[(state & StatePROT) | ((state >>> RightsSHIFT) & RightsMASK)];

/** What of an entry outlives a change of rights: the frame, and that there may be capabilities in it. */
export const EntryKEPT: number = -PageSIZE | PageDIRTYCAP;

/** frameOf -- the frame of an entry, as a physical address. */
export const frameOf = (entry: number): number => (entry & -PageSIZE) >>> 0;

