/* os-memory.ts: ADDRESS SPACES, TIMED
 *
 * Faults, mappings, forks <design/bench#.os.operations>.
 */
import { performance } from 'node:perf_hooks';
import { PageSIZE, slotDecode, SlotSHIFT, type Hart } from '../../code/machine/machine.ts';
import {
  fork, MapANON, MapPRIVATE, ProtREAD, SA_SIGINFO, SIGSEGV, SigSetEMPTY, waitpid, type SigInfo, type Thread, type ThreadBody, type Yielded,
} from '../../code/os/os.ts';
import { DATA, insist, pages, since, touch, type OsRig } from './os-rig.ts';
import type { OsWork } from './os-work.ts';

/** Pages of a mapping that is made and ended, and of one whose protection is changed. */
const MapPAGES = 4;
const ProtectPAGES = 16;

/** touchTake -- a page that is there from the first touch on. */
export function touchTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (t, thread) {
    const slot = t.enter(1), { counts } = rig.kernel;
    pages(thread, slot, batch);
    const faults = counts.pageFaults, before = performance.now();
    touch(thread, slot, batch);
    const each = since(before, batch);
    insist('page faults', counts.pageFaults - faults, batch);
    unmap(thread, slot, batch);
    return each;
  });
}

/** segvTake -- a store that its page forbids, a handler that opens the page, the store again. */
export function segvTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (t, thread) {
    const first = t.enter(batch), { map } = thread.process, base = oneSlotEach(thread, first, batch);
    let faults = 0;
    thread.process.sigaction(SIGSEGV, {
      mask: SigSetEMPTY, flags: SA_SIGINFO,
      handler: function* (_signal, info) {
        faults += 1;
        const page = ((info as SigInfo).low >>> 0) - base >>> 12;
        insist('mprotect', map.mprotect(t, first + page, PageSIZE, DATA), 0);
      },
    });
    insist('mprotect', map.mprotect(t, first, batch * PageSIZE, ProtREAD), 0);
    const before = performance.now();
    for (let i = 0; i < batch; i++) t.store32(first + i, 0, i);
    const each = since(before, batch);
    insist('faults', faults, batch);
    unmap(thread, first, batch);
    return each;
  });
}

/** oneSlotEach -- pages that are there, each with a slot for all of them but at its address, from `first` on; their base. */
function oneSlotEach(thread: Thread, first: number, count: number): number {
  const { hart } = thread, { r } = hart;
  pages(thread, first, count);
  touch(thread, first, count);
  const base = r[first << SlotSHIFT] >>> 0;
  for (let i = 1; i < count; i++) {
    hart.move(first + i, first);
    r[(first + i) << SlotSHIFT] = (base + i * PageSIZE) | 0;
    slotDecode(r, (first + i) << SlotSHIFT);
  }
  return base;
}

/** mmapTake -- a mapping that is made and ended. */
export function mmapTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (t, { process: { map } }) {
    const slot = t.enter(2), nil = slot + 1, size = MapPAGES * PageSIZE;
    let errnos = 0;
    const before = performance.now();
    for (let i = 0; i < batch; i++) errnos |= map.mmap(t, slot, nil, size, DATA, MapANON | MapPRIVATE) | map.munmap(t, slot, size);
    const each = since(before, batch);
    insist('mmap and munmap', errnos, 0);
    return each;
  });
}

/** mprotectTake -- what may be done on some pages of a mapping. */
export function mprotectTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (t, thread) {
    const slot = t.enter(1), { map } = thread.process, size = ProtectPAGES * PageSIZE;
    pages(thread, slot, 2 * ProtectPAGES);
    touch(thread, slot, 2 * ProtectPAGES);
    let errnos = 0;
    const before = performance.now();
    for (let i = 0; i < batch; i++) errnos |= map.mprotect(t, slot, size, i % 2 === 0 ? ProtREAD : DATA);
    const each = since(before, batch);
    insist('mprotect', errnos, 0);
    unmap(thread, slot, 2 * ProtectPAGES);
    return each;
  });
}

/** forkTake -- a child that exits at once, and is waited for. */
export function forkTake(rig: OsRig, { forked }: OsWork): number {
  return rig.play(function* (t, thread) {
    const slot = t.enter(1), count = forked / PageSIZE;
    pages(thread, slot, count);
    touch(thread, slot, count);
    const before = performance.now();
    yield* forkWait(thread);
    const each = since(before, 1);
    unmap(thread, slot, count);
    return each;
  });
}

/** copyTake -- the first write to a page while there is a child. */
export function copyTake(rig: OsRig, { batch }: OsWork): number {
  return rig.play(function* (t, thread) {
    const slot = t.enter(1), { kernel } = rig;
    pages(thread, slot, batch);
    touch(thread, slot, batch);
    const pid = yield* fork(thread, ending), { available } = kernel.frames;
    const before = performance.now();
    touch(thread, slot, batch);
    const each = since(before, batch);
    insist('bytes copied', available - kernel.frames.available, batch * PageSIZE);
    insist('waitpid', yield* waitpid(thread, pid), pid);
    unmap(thread, slot, batch);
    return each;
  });
}

const ending: ThreadBody = function* (_t: Hart, child: Thread) {
  child.process.exit(0);
};

function* forkWait(thread: Thread): Generator<Yielded, void, unknown> {
  const pid = yield* fork(thread, ending);
  insist('waitpid', yield* waitpid(thread, pid), pid);
}

/** unmap -- end a mapping. */
function unmap({ hart, process: { map } }: Thread, slot: number, count: number): void {
  insist('munmap', map.munmap(hart, slot, count * PageSIZE), 0);
}
