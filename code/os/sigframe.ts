/* sigframe.ts: SIGNAL FRAMES
 *
 * What a handler is given about the thread it interrupts lies in memory, on the thread's stack, tags and all; going back reads it
 * again <design/sigframe>. In words:
 *
 *      0 signo   1 errno   2 code    3 pid        12 mask, low  13 mask, high   14 1: was on the alternate stack  15 sp
 *      4..7 the address that was accessed         16 access     17 size         18 slot                          19 offset
 *      8 trapno  9 capreg  10 value   11 status    20 value slot 21 top          22, 23 zero
 *                                                 24..27 the authority          28..31 the value to be stored
 *
 * Words 0 to 11 are the siginfo, the others the context.
 */
import { aver } from '../base/base.ts';
import {
  accessWrites, addrOfWindow, addrOfWords, formatOf, slotWrite, type AccessKind, type Addr, type Fault, type FaultKind, type Hart,
} from '../machine/machine.ts';
import type { Level } from './level.ts';
import type { SigSent } from './pending.ts';
import { trapOfFault } from './sigfault.ts';
import { MaskNEVER, type SigSet } from './signal.ts';
import { FrameSIZE, frameReadable, frameWritable } from './sigplace.ts';

const InfoSIZE = 48;

const WordSENT = 10;
const WordMASK = 12;
const WordAUTHORITY = 24;
const WordVALUE = 28;

// Copies, for V8 folds a module's own constants but not imported ones <design/critical-path#.fold>.
const NeverMASK: number = MaskNEVER;

/** CHERI-RISC-V's exception for what a capability forbids. */
const RiscvCHERI = 0x1c;

/** accessNumber -- how a frame says what was attempted; 0 is nothing. .critical */
function accessNumber(access: AccessKind): number {
  switch (access) {
    case 'load': return 1;
    case 'store': return 2;
    case 'loadcap': return 3;
    case 'storecap': return 4;
    case 'amo': return 5;
    case 'swapcap': return 6;
    case 'loadtags': return 7;
    case 'fetch': return 8;
    case 'jump': return 9;
    case 'invoke': return 10;
  }
}

// Writing and reading ------------------------------------------------------------------------------------------------

/** frameWrite -- write a level's frame, which begins at word `w`; its place, top and stack pointer are set. .critical */
export function frameWrite(level: Level, w: number, code: number, pid: number, fault: Fault | null, isOnStack: boolean): void {
  const { thread } = level, hart = thread.hart, i32 = hart.i32, tags = hart.tags, g = w >>> 2;
  i32[w] = level.signal;
  i32[w + 1] = 0;
  i32[w + 2] = code;
  i32[w + 3] = pid;
  i32[w + 6] = 0;
  i32[w + 7] = 0;
  i32[w + 10] = 0;
  i32[w + 11] = 0;
  i32[w + 12] = thread.maskLow;
  i32[w + 13] = thread.maskHigh;
  i32[w + 14] = isOnStack ? 1 : 0;
  i32[w + 15] = level.sp;
  i32[w + 21] = level.top;
  i32[w + 22] = 0;
  i32[w + 23] = 0;
  for (let i = 0; i < 6; i++) tags[g + i] = 0;
  if (fault === null) {
    accessNone(level, w);
  } else {
    accessWrite(level, fault, w);
  }
}

/** accessWrite -- the part of a frame that tells of a fault. .critical */
function accessWrite(level: Level, fault: Fault, w: number): void {
  const hart = level.thread.hart, i32 = hart.i32, { access, slot, value } = fault, trap = trapOfFault(level.thread, fault);
  level.kind = fault.kind;
  level.access = access;
  level.size = fault.size;
  level.slot = slot;
  level.offset = fault.offset;
  level.value = value;
  i32[w + 4] = fault.low;
  i32[w + 5] = fault.high;
  i32[w + 8] = trap;
  // Morello's exceptions name no register.
  i32[w + 9] = trap === RiscvCHERI ? slot : 0;
  i32[w + 16] = accessNumber(access);
  i32[w + 17] = fault.size;
  i32[w + 18] = slot;
  i32[w + 19] = fault.offset;
  i32[w + 20] = value;
  registerWrite(hart, slot, w + WordAUTHORITY);
  registerWrite(hart, value === slot ? -1 : value, w + WordVALUE);
}

/** accessNone -- the same for a signal that was sent. */
function accessNone(level: Level, w: number): void {
  const hart = level.thread.hart, i32 = hart.i32;
  level.slot = -1;
  level.value = -1;
  for (const i of [4, 5, 8, 9, 16, 17, 19]) i32[w + i] = 0;
  i32[w + 18] = -1;
  i32[w + 20] = -1;
  registerWrite(hart, -1, w + WordAUTHORITY);
  registerWrite(hart, -1, w + WordVALUE);
}

/** frameSent -- the part of a frame that tells of a signal that was sent, and the mask that is to be the thread's afterwards if it is not
 * the one that it has now. */
export function frameSent(level: Level, { value, status }: SigSent, mask: SigSet | null): void {
  const { i32 } = level.thread.hart, w = frameWritable(level);
  i32[w + WordSENT] = value;
  i32[w + WordSENT + 1] = status;
  if (mask === null) return;
  i32[w + WordMASK] = mask.low;
  i32[w + WordMASK + 1] = mask.high;
}

/** registerWrite -- a register to its place in a frame; NULL for slot -1. .critical */
function registerWrite(hart: Hart, slot: number, w: number): void {
  const r = hart.r, i32 = hart.i32;
  if (slot < 0) {
    i32[w] = 0;
    i32[w + 1] = 0;
    i32[w + 2] = 0;
    i32[w + 3] = 0;
    hart.tags[w >>> 2] = 0;
    return;
  }
  const c = slot << 3;
  i32[w] = r[c];
  i32[w + 1] = r[c + 1];
  i32[w + 2] = r[c + 2];
  i32[w + 3] = r[c + 3];
  hart.tags[w >>> 2] = r[c + 4] & 1;
}

/** frameRead -- what a frame says now becomes the thread's: its mask, and the two registers of its access. .critical */
export function frameRead(level: Level): void {
  const { thread, slot, value } = level, i32 = thread.hart.i32, w = frameReadable(level);
  thread.maskLow = i32[w + 12] & ~NeverMASK;
  thread.maskHigh = i32[w + 13];
  if (slot < 0) return;
  registerRead(thread.hart, slot, w + WordAUTHORITY);
  if (value >= 0 && value !== slot) registerRead(thread.hart, value, w + WordVALUE);
}

/** registerRead -- a register from its place in a frame; nothing is decoded where nothing has changed. .critical */
function registerRead(hart: Hart, slot: number, w: number): void {
  const { r, i32 } = hart, c = slot << 3, tag = hart.tags[w >>> 2];
  if (r[c] === i32[w] && r[c + 1] === i32[w + 1] && r[c + 2] === i32[w + 2] && r[c + 3] === i32[w + 3] && (r[c + 4] & 1) === tag) return;
  hart.set(slot, i32[w], i32[w + 1], i32[w + 2], i32[w + 3]);
  if (tag !== 0) hart.decode(slot);
}

// Views --------------------------------------------------------------------------------------------------------------

/** capabilityOf -- a capability for a part of a frame, in a fresh local of the thread's hart; returns its slot. */
function capabilityOf(level: Level, offset: number, size: number): number {
  const hart = level.thread.hart, slot = hart.local(), format = formatOf(hart), { perm } = format;
  const data = perm.global | perm.load | perm.store | perm.loadCap | perm.storeCap | perm.storeLocal | perm.mutableLoad;
  const base = BigInt(addrOfWindow((level.low + offset) | 0));
  slotWrite(hart, slot, format.andPerm(format.setBoundsExact(format.rootAt(base), BigInt(size)), data));
  return slot;
}

/** What is said of a signal: a view of its frame, which holds until the handler returns. */
export class SigInfo {
  private readonly level: Level;

  constructor(level: Level) {
    this.level = level;
  }

  private word(index: number): number {
    return this.level.thread.hart.i32[frameReadable(this.level) + index];
  }

  get signo(): number {
    return this.word(0);
  }

  get errno(): number {
    return this.word(1);
  }

  get code(): number {
    return this.word(2);
  }

  /** The process that sent the signal; 0 with a fault. */
  get pid(): number {
    return this.word(3);
  }

  /** The address that was accessed; 0 without a fault. */
  get addr(): Addr {
    return addrOfWords(this.word(4), this.word(5));
  }

  /** Its low word. */
  get low(): number {
    return this.word(4);
  }

  /** Its high word. */
  get high(): number {
    return this.word(5);
  }

  /** The exception number of CHERI-RISC-V, or the exception class of Morello. */
  get trapno(): number {
    return this.word(8);
  }

  /** The slot whose capability forbade the access; 0 unless one did. */
  get capreg(): number {
    return this.word(9);
  }

  /** What sigqueue sent with it. */
  get value(): number {
    return this.word(WordSENT);
  }

  /** Of SIGCHLD: the exit code, or the signal, of the child. */
  get status(): number {
    return this.word(WordSENT + 1);
  }

  /** infoSlot -- a capability for the siginfo in memory, in a local that lasts until the handler returns. */
  infoSlot(): number {
    return capabilityOf(this.level, 0, InfoSIZE);
  }
}

/** The thread as the signal interrupted it: a view of its slots, and of the frame, which holds until the handler returns. */
export class SigContext {
  private readonly level: Level;

  constructor(level: Level) {
    this.level = level;
  }

  /** The access that faulted, or null if the signal was sent. */
  get access(): AccessKind | null {
    return this.level.slot < 0 ? null : this.level.access;
  }

  /** Why it was refused; null if the signal was sent. */
  get kind(): FaultKind | null {
    return this.level.slot < 0 ? null : this.level.kind;
  }

  /** Bytes of the access. */
  get size(): number {
    return this.level.size;
  }

  /** The slot of the authority; -1 without an access. */
  get slot(): number {
    return this.level.slot;
  }

  get offset(): number {
    return this.level.offset;
  }

  /** Low word of the address at which the access will be made, by what the frame says of the authority now. */
  get low(): number {
    const { thread, offset } = this.level;
    return (thread.hart.i32[frameReadable(this.level) + WordAUTHORITY] + offset) | 0;
  }

  /** The slot that was to be stored; -1 if none. */
  get value(): number {
    return this.level.value;
  }

  /** The slots that were in use: below this number. */
  get top(): number {
    return this.level.top;
  }

  /** Whether the access writes. */
  get isWrite(): boolean {
    return this.level.slot >= 0 && accessWrites(this.level.access);
  }

  /** Blocked signals, now those that will be when the handler has returned. */
  get mask(): SigSet {
    const { i32 } = this.level.thread.hart, w = frameReadable(this.level) + WordMASK;
    return { low: i32[w], high: i32[w + 1] };
  }

  set mask({ low, high }: SigSet) {
    const { i32, tags } = this.level.thread.hart, w = frameWritable(this.level) + WordMASK;
    i32[w] = low;
    i32[w + 1] = high;
    // Data, where the handler may have stored a capability.
    tags[w >>> 2] = 0;
  }

  /** load -- what an interrupted register holds, to slot `dst`. */
  load(dst: number, register: number): void {
    const hart = this.level.thread.hart, word = this.place(register);
    if (word < 0) hart.move(dst, register);
    else registerRead(hart, dst, frameReadable(this.level) + word);
  }

  /** store -- change an interrupted register to what slot `src` holds; the access is tried again with it. */
  store(register: number, src: number): void {
    const { hart } = this.level.thread, word = this.place(register);
    if (word < 0) {
      hart.move(register, src);
      return;
    }
    const { r, i32 } = hart, c = src << 3, w = frameWritable(this.level) + word;
    for (let i = 0; i < 4; i++) i32[w + i] = r[c + i];
    hart.tags[w >>> 2] = r[c + 4] & 1;
  }

  /** place -- the word of the frame that keeps a register; -1 for one that is in its slot. */
  private place(register: number): number {
    const { thread, top, slot, value } = this.level;
    aver(register >= 0 && register < Math.max(top, slot + 1, value + 1) && register < thread.hart.limit, '<design/sigframe#.register>');
    if (slot < 0) return -1;
    if (register === slot) return WordAUTHORITY;
    return register === value ? WordVALUE : -1;
  }

  /** grant -- when the handler has returned, have the access made once whatever its page says <design/sigframe#.grant>
   *
   * False, and nothing happens, if the signal is no page fault, or the page has no frame.
   */
  grant(): boolean {
    if (this.level.thread.physicalOf(this.level) < 0) return false;
    this.level.grants = true;
    return true;
  }

  /** contextSlot -- a capability for the context in memory, in a local that lasts until the handler returns. */
  contextSlot(): number {
    return capabilityOf(this.level, InfoSIZE, FrameSIZE - InfoSIZE);
  }
}
