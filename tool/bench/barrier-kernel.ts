/* barrier-kernel.ts: FAULTS WITHOUT A COLLECTOR
 *
 * The kernel alone: a page that forbids, a handler that opens it by mprotect and does nothing else, and the access made again; and
 * mprotect by itself <design/bench#.barrier>.
 */
import { Memory, PageSIZE, slotDecode, SlotSHIFT } from '../../code/machine/machine.ts';
import {
  Frames, Kernel, MapANON, MapPRIVATE, ProtREAD, ProtWRITE, SA_SIGINFO, SigSetEMPTY, SIGSEGV,
  type AddressMap, type SigInfo, type Thread,
} from '../../code/os/os.ts';
import { nanoseconds, RegionPAGES, RegionSIZE, type BarrierWork } from './barrier-work.ts';
import type { Sample } from './fresh.ts';

const BOTH: number = ProtREAD | ProtWRITE;

/** Pages of one mapping, each with a capability in a slot, of the whole mapping but with the page's address. */
class Pages {
  readonly map: AddressMap;
  readonly thread: Thread;
  /** The capability for page i is in slot `first + i`. */
  readonly first: number;
  readonly base: number;
  faults: number = 0;

  constructor(count: number) {
    const size = 16 * 1024 * 1024, memory = new Memory(size);
    const kernel = new Kernel({ memory, frames: new Frames(memory, PageSIZE, size - PageSIZE), seed: 1 });
    const process = kernel.process('barrier'), thread = process.adopt('barrier');
    if (thread === null) throw new Error('barrier: no memory for a thread');
    this.thread = thread;
    this.map = process.map;
    const { hart } = thread, { r } = hart;
    this.first = hart.enter(count);
    const errno = this.map.mmap(hart, this.first, this.first, count * PageSIZE, BOTH, MapANON | MapPRIVATE);
    if (errno !== 0) throw new Error(`barrier: mmap says ${errno}`);
    this.base = r[this.first << SlotSHIFT] >>> 0;
    for (let i = 1; i < count; i++) {
      const words = (this.first + i) << SlotSHIFT;
      hart.move(this.first + i, this.first);
      r[words] = (this.base + i * PageSIZE) | 0;
      slotDecode(r, words);
    }
    process.sigaction(SIGSEGV, {
      handler: (_signal, info) => this.handle((info as SigInfo).low >>> 0), mask: SigSetEMPTY, flags: SA_SIGINFO,
    });
  }

  private *handle(low: number): Generator<never, void, unknown> {
    this.faults += 1;
    this.protect((low - this.base) >>> 12, PageSIZE, BOTH);
  }

  /** protect -- change the protection of `size` bytes from page i on. */
  protect(i: number, size: number, prot: number): void {
    const errno = this.map.mprotect(this.thread.hart, this.first + i, size, prot);
    if (errno !== 0) throw new Error(`barrier: mprotect says ${errno}`);
  }
}

/** barrierKernel -- the least nanoseconds of a fault with its handler, and of one mprotect of 16 pages. */
export function barrierKernel({ count, rounds }: BarrierWork): Sample {
  const pages = new Pages(count), changed = new Pages(count * RegionPAGES), { hart } = pages.thread;
  let fault = Infinity, mprotect = Infinity;
  for (let round = 0; round < rounds; round++) {
    pages.protect(0, count * PageSIZE, ProtREAD);
    pages.faults = 0;
    fault = Math.min(fault, nanoseconds(count, () => { for (let i = 0; i < count; i++) hart.store32(pages.first + i, 0, i); }));
    if (pages.faults !== count) throw new Error(`barrier: ${pages.faults} of ${count} stores faulted`);
    mprotect = Math.min(mprotect, nanoseconds(count, () => {
      for (let i = 0; i < count; i++) changed.protect(RegionPAGES, RegionSIZE, i % 2 === 0 ? ProtREAD : BOTH);
    }));
  }
  return { fault, mprotect };
}
