/* frames.ts: THE WINDOW OF FRAMES
 *
 * The frames that run are in the hart's slots from WindowBASE up; those that wait long enough leave for the heap
 * <design/vm#.window>. A frame at fp:
 *
 *     fp + 0    link: the caller's code; its spare word packs the return pc and the distance to the caller's frame
 *     fp + 1    the procedure
 *     fp + 2    arguments, then locals and temporaries
 *
 * When the window is full, or a continuation is taken, all frames but the running one go into one STACK object, oldest first,
 * each as a record: a granule (return pc, slots, offset of the next older record or 0), its code, its slots but the link.
 * A STACK is never written again <design/vm#.stack.immutable>, so continuations share it. The frame at the window's bottom
 * returns to the stub, which brings back one record.
 *
 * .top: when anything is allocated, hart.top is the running frame's end or above <design/vm#.window.top>. It rises by
 * raiseTop and falls by trim; what it rises over is old, but sound, for a flip clears what is above it.
 */
import { aver } from '../base/base.ts';
import type { Hart } from '../machine/machine.ts';
import {
  ClosureCODE, ContinuationHANDLERS, ContinuationPARAMS, ContinuationSIZE, ContinuationSTACK, ContinuationWINDERS, HeaderFOURTH,
  HeaderLENGTH, HeaderTHIRD, KindCONTINUATION, KindSTACK, SlotCODE, SlotCONT, SlotHANDLERS, SlotPARAMS, SlotSTUB, SlotVM0,
  SlotVM1, SlotWINDERS, StackPARENT, StackRECORDS, ValueSIZE, WindowBASE, objectSize,
} from './kinds.ts';
import type { AllocationPoint } from './objects.ts';
import { FrameMAX, LinkBITS, LinkMASK } from './opcodes.ts';
import { Symbols } from './symbols.ts';

/** Frames that wait leave the slots when they would fill more than these. The hart's other slots are for long lists that are
 * applied <design/vm#.window>. */
const WindowSLOTS = 4096;

/** The slots beyond the window's limit: one frame for a handler, and what primitives claim. */
const WindowMARGIN = FrameMAX + 200;

/** The state of a Scheme thread, but for its instructions. */
export class Frames extends Symbols {
  /** The running frame, a slot. */
  fp: number = WindowBASE;
  /** The next instruction, an offset in the code. */
  pc: number = 0;
  /** How many arguments the procedure that begins was given. */
  argc: number = 0;
  /** The highest a frame may reach while others wait below it. */
  windowLimit: number;
  /** The highest that arguments may reach. */
  protected readonly slotLimit: number;

  constructor(hart: Hart, ap: AllocationPoint) {
    super(hart, ap);
    this.windowLimit = WindowSLOTS - WindowMARGIN;
    this.slotLimit = hart.limit - WindowMARGIN;
    aver(hart.limit >= WindowSLOTS, '<design/vm#.window>');
  }

  // The extent of what counts ----------------------------------------------------------------------------------------

  /** frameSize -- how many slots the running code's frame has. */
  frameSize(): number {
    return this.hart.load32(SlotCODE, HeaderFOURTH);
  }

  /** raiseTop -- have hart.top be at least `top`. What it rises over holds nothing unsound: a flip clears what is above it. */
  raiseTop(top: number): void {
    if (top > this.hart.top) this.hart.top = top;
  }

  /** trim -- have hart.top be the running frame's end: what is above is dropped. */
  trim(): void {
    this.hart.top = this.fp + this.frameSize();
  }

  // Links ------------------------------------------------------------------------------------------------------------

  /** link -- make the frame at slot `base` return to the running one, at its pc. */
  protected link(base: number): void {
    this.hart.move(base, SlotCODE);
    this.hart.r[(base << 3) + 7] = (this.pc << (LinkBITS - 3)) | ((base - this.fp) << 3);
  }

  /** linkBottom -- make the frame at the window's bottom return to the stub. */
  protected linkBottom(): void {
    this.hart.move(WindowBASE, SlotSTUB);
    this.hart.r[(WindowBASE << 3) + 7] = this.hart.load32(SlotSTUB, HeaderTHIRD) << (LinkBITS - 3);
  }

  /** distance -- how many slots the frame at `fp` is above its caller's; 0 at the window's bottom. */
  protected distance(fp: number): number {
    return ((this.hart.r[(fp << 3) + 7]) & LinkMASK) >>> 3;
  }

  /** linkPc -- where the caller of the frame at `fp` goes on. */
  protected linkPc(fp: number): number {
    return ((this.hart.r[(fp << 3) + 7]) >>> LinkBITS) << 3;
  }

  /** enterClosure -- begin the closure in slot base + 1, whose frame is at slot `base`. */
  protected enterClosure(base: number, argc: number): void {
    const hart = this.hart;
    this.pc = hart.load32(base + 1, HeaderTHIRD);
    hart.loadCap(SlotCODE, base + 1, ClosureCODE);
    this.fp = base;
    this.argc = argc;
  }

  // Leaving the window -----------------------------------------------------------------------------------------------

  /** spill -- move all frames but the running one to the heap; the running one, of `live` slots, to the window's bottom
   *
   * Raises, with nothing changed, when the heap is full.
   */
  spill(live: number): void {
    const hart = this.hart, fp = this.fp;
    if (fp === WindowBASE) return;
    const frames: number[] = [];
    let granules = 0;
    for (let f = fp; f !== WindowBASE; f -= this.distance(f)) {
      frames.push(f);
      granules += this.distance(f) + 1;
    }
    const bytes = StackRECORDS - ValueSIZE + granules * ValueSIZE;
    let last: number;
    do {
      this.allocate(SlotVM0, objectSize(bytes));
      this.header(SlotVM0, KindSTACK, ValueSIZE + bytes, hart.r[(SlotCONT << 3) + 7], 0);
      hart.storeCap(SlotVM0, StackPARENT, SlotCONT);
      last = this.record(frames);
      this.blank(SlotVM0, ValueSIZE + bytes);
    } while (!this.commit(SlotVM0));
    hart.move(SlotCONT, SlotVM0);
    hart.clear(SlotVM0);
    hart.r[(SlotCONT << 3) + 7] = last;
    for (let i = 1; i < live; i += 1) hart.move(WindowBASE + i, fp + i);
    this.fp = WindowBASE;
    this.linkBottom();
    hart.top = WindowBASE + live;
  }

  /** record -- write the callers of `frames`, given youngest first; returns the offset of the youngest's record. */
  private record(frames: readonly number[]): number {
    const hart = this.hart;
    let at = StackRECORDS, older = 0;
    for (let i = frames.length - 1; i >= 0; i -= 1) {
      const callee = frames[i], slots = this.distance(callee), fp = callee - slots;
      hart.store32(SlotVM0, at, this.linkPc(callee));
      hart.store32(SlotVM0, at + 4, slots);
      hart.store32(SlotVM0, at + 8, older);
      hart.store32(SlotVM0, at + 12, 0);
      hart.storeCap(SlotVM0, at + ValueSIZE, callee);
      for (let s = 1; s < slots; s += 1) hart.storeCap(SlotVM0, at + ValueSIZE * (s + 1), fp + s);
      older = at;
      at += ValueSIZE * (slots + 1);
    }
    return older;
  }

  // Coming back ------------------------------------------------------------------------------------------------------

  /** underflow -- go on with the youngest frame outside the window; slot WindowBASE holds what was returned to it
   *
   * False when there is none: the program, or top-level form, has its result.
   */
  underflow(): boolean {
    const hart = this.hart;
    if (!hart.isTagged(SlotCONT)) return false;
    const at = hart.r[(SlotCONT << 3) + 7];
    const slots = hart.load32(SlotCONT, at + 4), older = hart.load32(SlotCONT, at + 8);
    this.fp = WindowBASE;
    this.pc = hart.load32(SlotCONT, at);
    hart.loadCap(SlotCODE, SlotCONT, at + ValueSIZE);
    this.raiseTop(WindowBASE + Math.max(this.frameSize(), slots + 1));
    hart.move(WindowBASE + slots, WindowBASE);
    for (let s = 1; s < slots; s += 1) hart.loadCap(WindowBASE + s, SlotCONT, at + ValueSIZE * (s + 1));
    this.linkBottom();
    this.continueAt(older);
    return true;
  }

  /** continueAt -- have CONT name the record at `older`, or, at 0, the one where its parent goes on. */
  private continueAt(older: number): void {
    const hart = this.hart;
    if (older !== 0) {
      hart.r[(SlotCONT << 3) + 7] = older;
      return;
    }
    const offset = hart.load32(SlotCONT, HeaderTHIRD);
    hart.loadCap(SlotCONT, SlotCONT, StackPARENT);
    hart.r[(SlotCONT << 3) + 7] = offset;
  }

  /** reset -- empty the window, as at the start of a top-level form. */
  protected reset(): void {
    this.fp = WindowBASE;
    this.hart.top = WindowBASE;
    this.windowLimit = WindowSLOTS - WindowMARGIN;
  }

  /** borrow -- let frames use the margin, so that a handler can run when the heap is too full to spill. False: they do. */
  protected borrow(): boolean {
    const limit = WindowSLOTS - 100;
    if (this.windowLimit === limit) return false;
    this.windowLimit = limit;
    return true;
  }

  // Continuations ----------------------------------------------------------------------------------------------------

  /** capture -- put the continuation of the running frame, whose `live` slots go to the window's bottom, in slot fp + dst. */
  capture(live: number, dst: number): void {
    const hart = this.hart;
    this.spill(live);
    this.raiseTop(this.fp + dst + 1);
    do {
      this.allocate(SlotVM0, ContinuationSIZE);
      this.header(SlotVM0, KindCONTINUATION, hart.r[(SlotCONT << 3) + 7], 0, 0);
      hart.storeCap(SlotVM0, ContinuationSTACK, SlotCONT);
      hart.storeCap(SlotVM0, ContinuationHANDLERS, SlotHANDLERS);
      hart.storeCap(SlotVM0, ContinuationWINDERS, SlotWINDERS);
      hart.storeCap(SlotVM0, ContinuationPARAMS, SlotPARAMS);
    } while (!this.commit(SlotVM0));
    hart.move(this.fp + dst, SlotVM0);
    hart.clear(SlotVM0);
  }

  /** isHere -- whether continuation `k` was taken in the dynamic extents of now. */
  isHere(k: number): boolean {
    this.hart.loadCap(SlotVM1, k, ContinuationWINDERS);
    return this.hart.isSame(SlotVM1, SlotWINDERS);
  }

  /** reinstate -- empty the window and have continuation `k` be what follows; it is given `value` by the next underflow. */
  reinstate(k: number, value: number): void {
    const hart = this.hart;
    hart.move(SlotVM1, value);
    hart.move(SlotVM0, k);
    this.reset();
    this.raiseTop(WindowBASE + 1);
    hart.move(WindowBASE, SlotVM1);
    hart.loadCap(SlotHANDLERS, SlotVM0, ContinuationHANDLERS);
    hart.loadCap(SlotWINDERS, SlotVM0, ContinuationWINDERS);
    hart.loadCap(SlotPARAMS, SlotVM0, ContinuationPARAMS);
    const at = hart.load32(SlotVM0, HeaderLENGTH);
    hart.loadCap(SlotCONT, SlotVM0, ContinuationSTACK);
    hart.r[(SlotCONT << 3) + 7] = at;
    hart.clear(SlotVM0);
    hart.clear(SlotVM1);
  }
}
