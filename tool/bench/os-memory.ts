/* os-memory.ts: ADDRESS SPACES, TIMED
 *
 * Faults, mappings, forks <design/bench#.os.operations>.
 */
import { performance } from 'node:perf_hooks';
import { PageSIZE, type Hart } from '../../code/machine/machine.ts';
import {
  fork, MapANON, MapPRIVATE, ProtREAD, SA_SIGINFO, SIGSEGV, SigSetEMPTY, waitpid, type Thread, type ThreadBody, type Yielded,
} from '../../code/os/os.ts';
import { DATA, insist, pages, since, touch, unmap, type OsRig } from './os-rig.ts';
import type { OsWork } from './os-work.ts';

/** Pages of a mapping that is made and ended. */
const MapPAGES = 4;

/** leastOf -- the least time of as many passes over the drawn mappings as make a batch <design/bench#.os.drawn>. */
function leastOf({ drawn }: OsRig, { batch }: OsWork, pass: () => number): number {
  let least = Infinity;
  for (let left = batch; left > 0; left -= drawn.length) least = Math.min(least, pass());
  return least;
}

/** touchTake -- a page, of one mapping after another, that is there from the first touch on. */
export function touchTake(rig: OsRig, work: OsWork): number {
  const { kernel: { counts }, main, main: { hart }, drawn } = rig;
  return leastOf(rig, work, () => {
    for (const slot of drawn) {
      unmap(main, slot, 1);
      pages(main, slot, 1);
    }
    const faults = counts.pageFaults, before = performance.now();
    for (let i = 0; i < drawn.length; i++) hart.store32(drawn[i], 0, i);
    const each = since(before, drawn.length);
    insist('page faults', counts.pageFaults - faults, drawn.length);
    return each;
  });
}

/** segvTake -- a store that its page forbids, of one mapping after another, a handler that opens the page, the store again. */
export function segvTake(rig: OsRig, work: OsWork): number {
  const { main: { hart }, process: { map }, drawn } = rig;
  let faults = 0, slot = 0;
  rig.process.sigaction(SIGSEGV, {
    mask: SigSetEMPTY, flags: SA_SIGINFO,
    handler: function* () {
      faults += 1;
      map.mprotect(hart, slot, PageSIZE, DATA);
    },
  });
  return leastOf(rig, work, () => {
    for (const closed of drawn) insist('mprotect', map.mprotect(hart, closed, PageSIZE, ProtREAD), 0);
    faults = 0;
    const before = performance.now();
    for (let i = 0; i < drawn.length; i++) {
      slot = drawn[i];
      hart.store32(slot, 0, i);
    }
    const each = since(before, drawn.length);
    insist('faults', faults, drawn.length);
    return each;
  });
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

/** mprotectTake -- what may be done on one mapping after another. */
export function mprotectTake(rig: OsRig, { batch }: OsWork): number {
  const { main: { hart }, process: { map }, drawn } = rig, passes = Math.ceil(batch / drawn.length);
  let errnos = 0;
  const before = performance.now();
  for (let pass = 0; pass < passes; pass++) {
    const prot = pass % 2 === 0 ? ProtREAD : DATA;
    for (let i = 0; i < drawn.length; i++) errnos |= map.mprotect(hart, drawn[i], PageSIZE, prot);
  }
  const each = since(before, passes * drawn.length);
  insist('mprotect', errnos, 0);
  return each;
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

/** forkOwnTake -- the same of a process that has written nothing, but has as many maps as there are. */
export function forkOwnTake(rig: OsRig): number {
  return rig.play(function* (_t, thread) {
    const before = performance.now();
    yield* forkWait(thread);
    return since(before, 1);
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
