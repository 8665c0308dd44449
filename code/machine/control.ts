/* control.ts: CONTROL FLOW
 *
 * What jumps do to capabilities <design/control>. The machine has no instructions and no program counter of its own: a caller says
 * which slot is its program counter, `pcc`, and these functions put there what the architecture would. The address in `pcc` is that of
 * the jump itself, four bytes long; `link` receives where to return, and is -1 if the jump does not ask. A slot may be named twice,
 * but `pcc` only as itself.
 *
 * CHERI-RISC-V asks at the jump and faults there; Morello leaves a program counter without a tag, and the next fetch faults
 * <design/control#.sol.when>.
 */
import { aver } from '../base/base.ts';
import { highOffset, lowOffset } from './address.ts';
import { clearTag, formatOf, permsOf, slotRead, slotWrite, typeOf } from './derive.ts';
import { faultMake, type Fault, type FaultKind } from './fault.ts';
import type { Capability } from './format.ts';
import type { Hart } from './hart.ts';
import { alignDown, morello, SealLB, SealLPB, SealRB } from './morello.ts';
import { reach, trap } from './reach.ts';
import { riscv } from './riscv.ts';
import { SlotBOUNDS, SlotHIGH, SlotLOW, SlotPERMS, SlotSHIFT } from './slot.ts';
import { isInside } from './words.ts';

/** Bytes of a jump, whose link is behind them. */
const JumpSIZE = 4;

/** The smallest instruction of CHERI-RISC-V, which a target must have room for. */
const RiscvPARCEL = 2;
const MorelloPARCEL = 4;

/** Object types of CHERI-RISC-V as `typeOf` gives them. */
const RiscvUNSEALED = -1;
const RiscvSENTRY = -2;

/** What of words 2 and 3 is not the object type: an unsealed one is 0 there, in memory form. */
const RiscvBOUNDS = 0x7ff_ffff;
const RiscvPERMS = ~0x1fff;
const MorelloBOUNDS = 0x7fff_ffff;
const MorelloPERMS = ~0x3fff;

/** fetch -- the parcel of an instruction at `offset` from the address in `pcc`: two bytes of CHERI-RISC-V, four of Morello. */
export function fetch(hart: Hart, pcc: number, offset: number): number {
  const size = hart.isMorello ? MorelloPARCEL : RiscvPARCEL, p = reach(hart, 'fetch', pcc, offset, size);
  return hart.isMorello ? hart.i32[p >>> 2] >>> 0 : hart.u16[p >>> 1];
}

/** linkOf -- the capability to return with: `size` bytes behind `pcc`, and sealed so that it can only be jumped to. */
function linkOf(hart: Hart, pcc: number, size: number, isSealed: boolean): Capability {
  const format = formatOf(hart), next = format.incOffset(slotRead(hart, pcc), BigInt(size));
  return isSealed ? format.sealEntry(next) : next;
}

/** open -- what is in slot `src`, tagged, without its seal. */
function open(hart: Hart, dst: number, src: number): void {
  const { r, isMorello } = hart, c = src << SlotSHIFT;
  hart.set(
    dst, r[c + SlotLOW], r[c + SlotHIGH],
    r[c + SlotBOUNDS] & (isMorello ? MorelloBOUNDS : RiscvBOUNDS), r[c + SlotPERMS] & (isMorello ? MorelloPERMS : RiscvPERMS),
  );
  hart.decode(dst);
}

const hasPerms = (hart: Hart, slot: number, perms: number): boolean => (permsOf(hart, slot) & perms) === perms;

/** refuse -- the fault of a jump of CHERI-RISC-V whose operand in `slot` is not as it must be, else null. */
function refuse(hart: Hart, access: 'jump' | 'invoke', slot: number, offset: number, isGood: boolean, kind: FaultKind): Fault | null {
  if (isGood) return null;
  const c = slot << SlotSHIFT, low = hart.r[c + SlotLOW];
  return faultMake(kind, access, targetLow(low, offset), highOffset(low, hart.r[c + SlotHIGH], offset), RiscvPARCEL, slot, offset);
}

/** targetLow -- the low word of where a jump of CHERI-RISC-V goes: to an even address. */
const targetLow = (low: number, offset: number): number => lowOffset(low, offset) & -2;

/** hasRoom -- whether an instruction is within the bounds at `offset` from the address in a slot. */
function hasRoom({ r }: Hart, slot: number, offset: number): boolean {
  const c = slot << SlotSHIFT, low = r[c + SlotLOW], high = r[c + SlotHIGH];
  return isInside(false, low, high, r[c + SlotBOUNDS], targetLow(low, offset), highOffset(low, high, offset), RiscvPARCEL);
}

/** enter -- go on at `offset` from the address in `target`, which has room there. */
function enter(hart: Hart, pcc: number, target: number, offset: number): void {
  const c = target << SlotSHIFT, low = hart.r[c + SlotLOW], high = highOffset(low, hart.r[c + SlotHIGH], offset);
  open(hart, pcc, target);
  hart.r[(pcc << SlotSHIFT) + SlotLOW] = targetLow(low, offset);
  hart.r[(pcc << SlotSHIFT) + SlotHIGH] = high;
  hart.decode(pcc);
}

// CHERI-RISC-V -------------------------------------------------------------------------------------------------------

/** jump -- to `offset` from the address in `target`, which may be a sentry; the link is one (CJALR)
 *
 * Faults as 'jump' of slot `target`, at the address that was to be jumped to. When the trap returns, all is asked anew.
 */
export function jump(hart: Hart, pcc: number, link: number, target: number, offset: number = 0): void {
  insistFormat(hart, false);
  hart.insist(target, offset);
  for (let fault = jumpRefuses(hart, target, offset); fault !== null; fault = jumpRefuses(hart, target, offset)) trap(hart, fault);
  const back = linkOf(hart, pcc, JumpSIZE, true);
  enter(hart, pcc, target, offset);
  if (link >= 0) slotWrite(hart, link, back);
}

function jumpRefuses(hart: Hart, target: number, offset: number): Fault | null {
  const type = typeOf(hart, target), mayEnter = type === RiscvUNSEALED || (type === RiscvSENTRY && offset === 0);
  return refuse(hart, 'jump', target, offset, hart.isTagged(target), 'tag')
    ?? refuse(hart, 'jump', target, offset, mayEnter, 'seal')
    ?? refuse(hart, 'jump', target, offset, hasPerms(hart, target, riscv.perm.execute), 'execute')
    ?? refuse(hart, 'jump', target, offset, hasRoom(hart, target, offset), 'bounds');
}

/** invoke -- enter slot `code` and hand it slot `data` in `invoked`, both unsealed: a pair that was sealed with one type (CInvoke)
 *
 * `invoked` stands for register C31. Faults as 'invoke' of slot `code` or `data`, whichever is at fault.
 */
export function invoke(hart: Hart, pcc: number, invoked: number, code: number, data: number): void {
  insistFormat(hart, false);
  for (let fault = invokeRefuses(hart, code, data); fault !== null; fault = invokeRefuses(hart, code, data)) trap(hart, fault);
  enter(hart, pcc, code, 0);
  open(hart, invoked, data);
}

function invokeRefuses(hart: Hart, code: number, data: number): Fault | null {
  const { invoke: may, execute } = riscv.perm, type = typeOf(hart, code), other = typeOf(hart, data);
  const ask = (slot: number, isGood: boolean, kind: FaultKind): Fault | null => refuse(hart, 'invoke', slot, 0, isGood, kind);
  return ask(code, hart.isTagged(code), 'tag') ?? ask(data, hart.isTagged(data), 'tag')
    // The architecture's own types are below 0.
    ?? ask(code, type >= 0, 'seal') ?? ask(data, other >= 0, 'seal') ?? ask(code, type === other, 'type')
    ?? ask(code, hasPerms(hart, code, may), 'invoke') ?? ask(data, hasPerms(hart, data, may), 'invoke')
    ?? ask(code, hasPerms(hart, code, execute), 'execute') ?? ask(data, !hasPerms(hart, data, execute), 'execute')
    ?? ask(code, hasRoom(hart, code, 0), 'bounds');
}

// Morello ------------------------------------------------------------------------------------------------------------

/** What of the state of a hart, but for its capabilities, Morello's branches read and write. */
export interface BranchState {
  /** The instruction set is C64, not A64: bit 0 of a target says which. */
  isC64: boolean;
  /** CCTLR.SBL: links are sealed, and returning needs it <design/control#.morello.links>. */
  readonly sealsLinks: boolean;
}

/** What is to be remembered of the program counter while another takes its place. */
interface Left {
  readonly isExecutive: boolean;
  readonly back: Capability;
}

/** branch -- to the address in `target`, which may be sealed as RB (BR, RET; with a link BLR). No branch of Morello faults. */
export function branch(hart: Hart, state: BranchState, pcc: number, link: number, target: number): void {
  const left = leave(hart, state, pcc);
  hart.move(pcc, target);
  arrive(hart, state, pcc, link, left);
}

/** branchSealed -- the same to what must be sealed as RB, if links are (BRS, RETS; with a link BLRS). */
export function branchSealed(hart: Hart, state: BranchState, pcc: number, link: number, target: number): void {
  const left = leave(hart, state, pcc), isGood = !state.sealsLinks || typeOf(hart, target) === SealRB;
  hart.move(pcc, target);
  if (!isGood) clearTag(hart, pcc, pcc);
  arrive(hart, state, pcc, link, left);
}

/** branchPair -- enter slot `code` and hand it slot `data` in `invoked`, both unsealed, if they were sealed as a pair (BRS, BLRS)
 *
 * `invoked` stands for register C29. What is no pair arrives as it is, the target without its tag.
 */
export function branchPair(
  hart: Hart, state: BranchState, pcc: number, link: number, invoked: number, code: number, data: number,
): void {
  const left = leave(hart, state, pcc), isGood = isPair(hart, code, data);
  if (isGood) open(hart, pcc, code);
  else clearTag(hart, pcc, code);
  if (isGood) open(hart, invoked, data);
  else hart.move(invoked, data);
  arrive(hart, state, pcc, link, left);
}

function isPair(hart: Hart, code: number, data: number): boolean {
  const { invoke: may, execute } = morello.perm, type = typeOf(hart, code);
  return hart.isTagged(code) && hart.isTagged(data) && type > SealLB && type === typeOf(hart, data)
    && hasPerms(hart, code, may | execute) && hasPerms(hart, data, may) && !hasPerms(hart, data, execute);
}

/** branchThrough -- to what is in memory at `offset` from the address in `base`, which may be sealed as LB (BR and BLR of [Cn])
 *
 * `base` stands for register C29, and is unsealed then. The load may fault, and nothing has changed.
 */
export function branchThrough(hart: Hart, state: BranchState, pcc: number, link: number, base: number, offset: number): void {
  const frame = borrow(hart, base, SealLB);
  try {
    hart.loadCap(frame + 1, frame, offset);
    const left = leave(hart, state, pcc);
    hart.move(pcc, frame + 1);
    hart.move(base, frame);
    arrive(hart, state, pcc, link, left);
  } finally {
    giveBack(hart, frame);
  }
}

/** branchThroughPair -- load slot `invoked` from the address in `base`, which may be sealed as LPB, and branch to what is in memory
 * behind it (LDPBR, LDPBLR)
 *
 * `invoked` stands for register C29. `base` keeps its seal. The loads may fault, and nothing has changed.
 */
export function branchThroughPair(
  hart: Hart, state: BranchState, pcc: number, link: number, invoked: number, base: number,
): void {
  const frame = borrow(hart, base, SealLPB);
  try {
    hart.loadCap(frame + 1, frame, 0);
    hart.loadCap(frame + 2, frame, 16);
    const left = leave(hart, state, pcc);
    hart.move(invoked, frame + 1);
    hart.move(pcc, frame + 2);
    arrive(hart, state, pcc, link, left);
  } finally {
    giveBack(hart, frame);
  }
}

/** How many locals a branch through memory borrows. */
const BranchLOCALS = 3;

/** borrow -- locals; the first is `base`, without its seal if that is `type`. `giveBack` undoes it. */
function borrow(hart: Hart, base: number, type: number): number {
  hart.insist(base, 0);
  const frame = hart.enter(BranchLOCALS);
  if (hart.isTagged(base) && typeOf(hart, base) === type) open(hart, frame, base);
  else hart.move(frame, base);
  return frame;
}

/** giveBack -- leave nothing of what was borrowed: it was not for the caller <design/control#.inv.borrowed>. */
function giveBack(hart: Hart, frame: number): void {
  for (let slot = frame; slot < frame + BranchLOCALS; ++slot) hart.clear(slot);
  hart.leave(frame);
}

/** leave -- what a branch needs of the program counter that it is to replace
 *
 * Asked only when nothing can fault any more: who handles a fault may change slots, but not what is held here.
 */
function leave(hart: Hart, state: BranchState, pcc: number): Left {
  insistFormat(hart, true);
  return {
    isExecutive: hasPerms(hart, pcc, morello.perm.executive),
    back: linkOf(hart, pcc, state.isC64 ? JumpSIZE + 1 : JumpSIZE, state.sealsLinks),
  };
}

/** arrive -- what every branch does to its target, which is in `pcc` <design/control#.morello.arrive>. */
function arrive(hart: Hart, state: BranchState, pcc: number, link: number, { isExecutive, back }: Left): void {
  if (isExecutive && !hasPerms(hart, pcc, morello.perm.executive)) clearTag(hart, pcc, pcc);
  if (hart.isTagged(pcc) && typeOf(hart, pcc) === SealRB) open(hart, pcc, pcc);
  state.isC64 = (hart.r[(pcc << SlotSHIFT) + SlotLOW] & 1) !== 0;
  // A change of the value takes the tag of what is still sealed.
  slotWrite(hart, pcc, alignDown(slotRead(hart, pcc), 1));
  if (link >= 0) slotWrite(hart, link, back);
}

// Clients' defects ---------------------------------------------------------------------------------------------------

function insistFormat(hart: Hart, isMorello: boolean): void {
  aver(hart.isMorello === isMorello, '<design/control#.format>');
}
