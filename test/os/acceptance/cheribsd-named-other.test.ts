/* cheribsd-named-other.test.ts: CHERIBSD'S TESTS OF FILES, PIPES AND COPIES, BY THEIR NAMES
 *
 * One test for each of cheribsdtest's on what moves bytes. What is left out of its tests altogether, and why, is at the end.
 */
import { describe, expect } from 'vitest';
import { addrOf, PageSIZE, wideCopy } from '../../../code/machine/machine.ts';
import { SOCK_STREAM } from '../../../code/os/fs/flags.ts';
import { SIGUSR1 } from '../../../code/os/signal.ts';
import type { ThreadRun } from '../../../code/os/thread.ts';
import { act, morello, named, riscv } from './named.ts';
import type { Program } from './os-rig.ts';
import { both } from './rig.ts';

describe('ipc', () => {
  named('ipc_pipe_sleep_signal', '<design/files#.restart>', function* (p) {
    const { files } = p.process, [out] = p.pair((slot) => files.pipe(p.thread, slot)), into = p.live(PageSIZE);
    let count = 0;
    act(p, SIGUSR1, function* (): ThreadRun {
      count += 1;
      yield;
    }, 0);
    p.process.spawn('other', function* (): ThreadRun {
      for (let turn = 0; turn < 10; ++turn) yield;
      p.thread.kill(SIGUSR1);
    });
    expect([yield* p.give(files.read(p.thread, out, into, 16)), count]).toEqual(['EINTR', 1]);
  }, both);

  for (const [kind, make] of [
    ['pipe', (p: Program, slot: number) => p.process.files.pipe(p.thread, slot)],
    ['socket_local_stream', (p: Program, slot: number) => p.process.files.socketpair(p.thread, SOCK_STREAM, slot)],
  ] as const) {
    for (const [name, size] of [['capsize', 16], ['8k', 8192]] as const) {
      named(`ipc_${kind}_${name}_tagstripped`, '<design/files#.inv.tags>', function* (p) {
        const [out, to] = p.pair((slot) => make(p, slot)), own = p.live(8192), into = p.live(8192);
        for (let offset = 0; offset < size; offset += 16) {
          p.hart.storeCap(own, offset, own);
          p.hart.storeCap(into, offset, own);
        }
        const { files } = p.process, { hart } = p;
        const writer = p.process.spawn('writer', function* (t, thread): ThreadRun {
          for (let done = 0; done < size;) done += yield* files.write(thread, to, 10, size);
          t.clear(10);
        }, { slots: 64, argument: { hart, slot: own } });
        expect(writer).not.toBe(null);
        for (let done = 0; done < size;) {
          const count = yield* files.read(p.thread, out, p.on(into, done), size - done);
          expect(count).toBeGreaterThan(0);
          done += count;
        }
        const tags = Array.from({ length: size / 16 }, (_, index) => {
          const back = p.hart.local();
          p.hart.loadCap(back, into, index * 16);
          const isTagged = p.hart.isTagged(back);
          p.hart.leave(back);
          return isTagged;
        });
        expect([p.read(into, 0, size), tags.includes(true)]).toEqual([p.read(own, 0, size), false]);
      }, both);
    }
  }
});

describe('files', () => {
  named('tmpfs_rw_nocaps', '<design/files#.inv.tags>', function* (p) {
    const fd = p.open('/tmp/f'), own = p.live(PageSIZE), back = p.slot(), { files } = p.process;
    p.hart.storeCap(own, 0, own);
    expect([files.pwrite(p.thread, fd, own, 16, 0), files.pread(p.thread, fd, own, 16, 0)]).toEqual([16, 16]);
    p.hart.loadCap(back, own, 0);
    expect([p.hart.isTagged(back), addrOf(p.hart, back)]).toEqual([false, addrOf(p.hart, own)]);
    yield;
  }, both);
});

describe('string', () => {
  for (const [name, from, to, keeps] of [
    ['string_memcpy', 0, 1024, true], ['string_memmove', 0, 16, true], ['unaligned_capability_copy_memcpy', 0, 1025, false],
    ['unaligned_capability_copy_memmove', 0, 17, false],
  ] as const) {
    named(name, 'wide#.copy.tags', function* (p) {
      const page = p.live(PageSIZE), back = p.slot();
      p.hart.storeCap(page, from, page);
      wideCopy(p.hart, page, to, page, from, 64, 'keep');
      p.hart.loadCap(back, page, to & -16);
      expect(p.hart.isTagged(back)).toBe(keeps);
      yield;
    }, [riscv, morello]);
  }
});

/* Left out, for what they test is not here:
 *
 *   revocation        cheri_revoke_*, revoke_*, malloc_revoke_*, malloc_revocation_ctl_*, cheri_poison_*: the kernel does not revoke yet
 *   kqueue, AIO       vm_cap_share_fd_kqueue, aio_sival, and the hoards of cheri_revoke_lightly
 *   SCM_RIGHTS        vm_shm_open_anon_unix_surprise: descriptors do not travel through sockets, so nothing leaks by them
 *   TCP               ipc_socket_tcp_stream_*: sockets are pairs
 *   large pages       vm_shm_largepage_basic
 *   ptrace            ptrace_*: a debugger is the host's
 *   kbounce           kbounce: no call copies capabilities through the kernel
 *   cidcap_alloc      compartment numbers are not given out one by one
 *   returncap         signal_returncap: a handler returns to the kernel <design/sigframe#.departs.return>
 *   contexts          setcontext_basic, swapcontext_basic: JavaScript has the stack of calls
 *   the compiler's    bounds_stack, bounds_subobject, bounds_varargs, bounds_globals, sentries, tls, local capabilities of globals
 *   the C library's   bounds_heap, malloc_*, memchr, strchr, strchrnul, printf_cap, strfcap_*
 *   colocation        colocation_*: two processes in one address space do not call each other yet
 */
