/* cheribsd-named-signal.test.ts: CHERIBSD'S TESTS OF FAULTS, SIGNALS AND REGISTERS, BY THEIR NAMES
 *
 * One test for each of cheribsdtest's on what capabilities forbid, on handlers, and on what a program begins with. What is left out, and
 * why, is at the end of `cheribsd-named-other.test.ts`.
 */
import { describe, expect, test } from 'vitest';
import {
  addrOf, addrOfWindow, lengthOf, PageSIZE, seal, setAddress, slotRead, slotWrite, typeOf, unseal, type Format, type Hart,
} from '../../../code/machine/machine.ts';
import { altstackRead, SS_DISABLE } from '../../../code/os/altstack.ts';
import { jump, jumpCatch } from '../../../code/os/jump.ts';
import { execute, type Program as Executable } from '../../../code/os/proc/exec.ts';
import { MaxSTACK } from '../../../code/os/proc/limits.ts';
import { ArgcSLOT, ArgvSLOT, CodeSLOT, EnvpSLOT, ReturnSLOT, StackSLOT } from '../../../code/os/proc/registers.ts';
import { sysctlCap } from '../../../code/os/proc/sysctl.ts';
import { SA_ONSTACK, SA_SIGINFO, SIG_DFL, SIG_IGN, SigSetEMPTY, SIGUSR1 } from '../../../code/os/signal.ts';
import type { ThreadRun } from '../../../code/os/thread.ts';
import { grant } from '../grant.ts';
import { act, morello, named, riscv } from './named.ts';
import { kernelOf, Program } from './os-rig.ts';
import { both, nameOf, RW } from './rig.ts';

describe('fault', () => {
  /** A page, and what is told of an access through a slot that is made of it. */
  const fault = (name: string, gives: string, make: (p: Program, page: number) => number, access: (hart: Hart, slot: number) => void): void => {
    named(name, 'signal#.fault', function* (p) {
      const slot = make(p, p.live(PageSIZE));
      expect(yield* p.told(() => {
        access(p.hart, slot);
      })).toBe(gives);
    }, [riscv, morello]);
  };
  const load = (hart: Hart, slot: number): void => void hart.load32(slot, 0);
  const store = (hart: Hart, slot: number): void => {
    hart.store32(slot, 0, 1);
  };
  fault('fault_bounds', 'SIGPROT PROT_CHERI_BOUNDS', (p, page) => p.narrow(page, 0, 3), load);
  fault('fault_perm_load', 'SIGPROT PROT_CHERI_PERM', (p, page) => p.without(page, 'load'), load);
  fault('fault_perm_store', 'SIGPROT PROT_CHERI_PERM', (p, page) => p.without(page, 'store'), store);
  fault('nofault_perm_load', 'ok', (p, page) => p.without(page, 'store'), load);
  fault('nofault_perm_store', 'ok', (p, page) => p.without(page, 'load'), store);
  fault('fault_tag', 'SIGPROT PROT_CHERI_TAG', (p, page) => p.stripped(page), load);
  fault('nofault_cfromptr', 'ok', (p, page) => {
    const slot = p.slot();
    slotWrite(p.hart, slot, p.format.setOffset(slotRead(p.hart, page), 16n));
    return slot;
  }, load);

  named('illegal_perm_seal, illegal_perm_unseal', '<design/capability#.inv.sealed>', function* (p) {
    const page = p.live(PageSIZE), one = p.slot(), other = p.slot(), authority = p.slot();
    expect(sysctlCap(p.thread, 'security.cheri.sealcap', authority)).toBe(0);
    seal(p.hart, one, page, p.without(authority, 'seal'));
    seal(p.hart, other, page, authority);
    expect([p.hart.isTagged(one), p.hart.isTagged(other)]).toEqual([false, true]);
    unseal(p.hart, one, other, p.without(authority, 'unseal'));
    expect(p.hart.isTagged(one)).toBe(false);
    yield;
  }, [riscv, morello]);
});

describe('local_global', () => {
  for (const [name, system, gives] of [['riscv', riscv, 'SIGPROT PROT_CHERI_STORELOCAL'], ['morello', morello, 'SIGPROT PROT_CHERI_PERM']] as const) {
    named(`store_local_disallowed, ${name}`, '<design/signal#.fault>', function* (p) {
      const page = p.without(p.live(PageSIZE), 'storeLocal'), local = p.without(page, 'global');
      expect(yield* p.told(() => {
        p.hart.storeCap(page, 0, local);
      })).toBe(gives);
    }, [system]);
  }
  named('store_local_allowed', '<design/thread#.inv.depth>', function* (p) {
    const { process, thread, hart } = p, stack = p.slot();
    grant(process.map, hart, stack, thread.stackBase | 0, RW, false);
    setAddress(hart, stack, stack, addrOfWindow((thread.stackLimit - 4096) | 0));
    const local = p.without(stack, 'global');
    expect(yield* p.told(() => {
      hart.storeCap(stack, 0, local);
    })).toBe('ok');
  }, [riscv, morello]);
});

describe('signals', () => {
  for (const [name, flags] of [['signal_handler_usr1', 0], ['signal_sigaction_usr1', SA_SIGINFO]] as const) {
    named(name, 'signal#.delivery', function* (p) {
      const seen: unknown[] = [];
      act(p, SIGUSR1, function* (signal, info): ThreadRun {
        seen.push([signal, info === null ? null : info.signo]);
        if (info === null) return;
        const slot = info.infoSlot();
        seen.push([lengthOf(p.hart, slot) < 256, p.hart.load32(slot, 0)]);
      }, flags);
      expect(p.thread.kill(SIGUSR1)).toBe(0);
      yield;
      expect(seen).toEqual(flags === 0 ? [[SIGUSR1, null]] : [[SIGUSR1, SIGUSR1], [true, SIGUSR1]]);
    }, both);
  }
  named('signal_sigaltstack', '<design/sigframe#.altstack>', function* (p) {
    const size = 0x4000, alt = p.live(size), frame: unknown[] = [], low = p.low(alt);
    expect(p.thread.sigaltstack(alt, size)).toBe(0);
    act(p, SIGUSR1, function* (): ThreadRun {
      const { sp } = p.thread;
      frame.push(p.thread.isOnAltStack, sp >= low && sp < low + size);
      yield;
    }, SA_ONSTACK);
    expect(p.thread.kill(SIGUSR1)).toBe(0);
    yield;
    const was = p.slot();
    expect([frame, altstackRead(p.thread, was), p.hart.isSame(was, alt)]).toEqual([[true, true], { size, flags: 0 }, true]);
  }, both);
  named('signal_sigaltstack_disable', '<design/sigframe#.altstack>', function* (p) {
    const alt = p.live(0x4000), was = p.slot(), seen: boolean[] = [];
    expect([p.thread.sigaltstack(alt, 0x4000), p.thread.sigaltstack(0, 0, SS_DISABLE)]).toEqual([0, 0]);
    expect([altstackRead(p.thread, was).flags, p.hart.isTagged(was)]).toEqual([SS_DISABLE, false]);
    act(p, SIGUSR1, function* (): ThreadRun {
      seen.push(p.thread.isOnAltStack);
      yield;
    }, SA_ONSTACK);
    p.thread.kill(SIGUSR1);
    yield;
    expect(seen).toEqual([false]);
  }, both);
  named('sig_dfl_neq_ign, sig_dfl_ign', '<design/signal#.sigaction>', function* (p) {
    const set = (handler: typeof SIG_DFL | typeof SIG_IGN): unknown => p.process.sigaction(SIGUSR1, { handler, mask: SigSetEMPTY, flags: 0 });
    expect([set(SIG_IGN), set(SIG_DFL), set(SIG_DFL)].map((before) => (before as { handler: unknown }).handler)).toEqual([SIG_DFL, SIG_IGN, SIG_DFL]);
    yield;
  });
  named('setjmp, setjmp_longjmp', '<design/signal#.jump>', function* (p) {
    const page = p.live(PageSIZE), before = p.thread.mask;
    const value = yield* jumpCatch(p.thread, function* (point): ThreadRun {
      act(p, SIGUSR1, function* (): ThreadRun {
        jump(point, 3);
      });
      p.thread.kill(SIGUSR1);
      yield;
    });
    expect([value, p.hart.isTagged(page), p.thread.mask]).toEqual([3, true, before]);
  }, both);
});

// What a program begins with ------------------------------------------------------------------------------------------

/** begun -- look at a program's registers as it begins. */
function begun(name: string, cites: string, look: (p: Program) => void, argv: readonly string[] = ['test'], envp: readonly string[] = []): void {
  test.each([riscv, morello].map((system) => [nameOf(system), system] as const))(`${name}: %s ${cites}`, (_name, system) => {
    const kernel = kernelOf(system), process = kernel.process('init');
    let isOver = false;
    const program: Executable = { name: 'test', text: 2 * PageSIZE, data: PageSIZE, bss: PageSIZE, *main(_hart, thread) {
      look(new Program(thread));
      yield;
      isOver = true;
      return 0;
    } };
    expect(execute(process, program, argv, envp)).toBeTypeOf('object');
    kernel.run();
    expect([isOver, process.status]).toEqual([true, { exit: 0 }]);
  });
}

const codeNames = (format: Format): string[] => ['execute', 'global', 'load', 'loadCap', ...format.name === 'morello' ? ['mutableLoad'] : []];

describe('registers', () => {
  begun('initregs_default', '<design/exec#.start>', (p) => {
    const used = [ReturnSLOT, StackSLOT, 3, ArgcSLOT, ArgvSLOT, EnvpSLOT, 13, CodeSLOT];
    for (let slot = 0; slot < 32; ++slot) if (!used.includes(slot)) expect([slot, slotRead(p.hart, slot)]).toEqual([slot, { hi: 0n, lo: 0n, tag: false }]);
  });
  begun('initregs_stack', '<design/exec#.start>', (p) => {
    const { base, top } = p.format.bounds(slotRead(p.hart, StackSLOT)), at = BigInt(addrOf(p.hart, StackSLOT)), perms = p.perms(StackSLOT);
    expect([p.hart.isTagged(StackSLOT), top - base <= BigInt(MaxSTACK), at >= base && at <= top && top - at <= 0x4_0000n]).toEqual([true, true, true]);
    for (const perm of ['load', 'store', 'loadCap', 'storeCap', 'storeLocal', 'global']) expect(perms).toContain(perm);
    expect(perms).not.toContain('execute');
  });
  begun('initregs_stack_user_perms', '<design/exec#.start>', (p) => {
    expect(p.perms(StackSLOT).filter((perm) => perm.startsWith('user'))).toEqual(['user0', 'user2', 'user3']);
  });
  begun('initregs_returncap', '<design/exec#.start>', (p) => {
    const cap = slotRead(p.hart, ReturnSLOT), perms = p.perms(ReturnSLOT);
    expect([cap.tag, p.format.isSentry(cap), perms.includes('execute'), perms.includes('store')]).toEqual([true, true, true, false]);
  });
  begun('initregs_pcc', '<design/exec#.start>', (p) => {
    expect([p.perms(CodeSLOT), lengthOf(p.hart, CodeSLOT)]).toEqual([codeNames(p.format), 2 * PageSIZE]);
  });
});

/** textOf -- the string that a capability is for, all of it. */
function textOf(p: Program, array: number, index: number): string {
  const slot = p.slot();
  p.hart.loadCap(slot, array, index * 16);
  return new TextDecoder().decode(Uint8Array.from(p.read(slot, 0, lengthOf(p.hart, slot))));
}

describe('arguments', () => {
  const argv = ['test', '', 'an argument', 'x'.repeat(5000)], envp = ['A=1', 'HOME=/'];
  begun('cheriabi_argv_bounds', '<design/exec#.auxv>', (p) => {
    expect(p.hart.r[ArgcSLOT * 8]).toBe(argv.length);
    for (const [index, text] of argv.entries()) {
      const whole = textOf(p, ArgvSLOT, index);
      expect(whole.slice(0, text.length + 1)).toBe(`${text}\0`);
      expect(whole.length).toBe(Number(p.format.lengthRound(BigInt(text.length + 1))));
    }
  }, argv, envp);
  begun('cheriabi_envv_bounds', '<design/exec#.auxv>', (p) => {
    for (const [index, text] of envp.entries()) expect(textOf(p, EnvpSLOT, index)).toBe(`${text}\0`);
  }, argv, envp);
  begun('cheriabi_argv_array_bounds', '<design/exec#.auxv>', (p) => {
    for (const [array, texts] of [[ArgvSLOT, argv], [EnvpSLOT, envp]] as const) {
      const last = p.slot();
      expect([lengthOf(p.hart, array), p.perms(array).includes('user1')]).toEqual([(texts.length + 1) * 16, false]);
      p.hart.loadCap(last, array, texts.length * 16);
      expect(slotRead(p.hart, last)).toEqual({ hi: 0n, lo: 0n, tag: false });
    }
  }, argv, envp);
});

describe('sealcap', () => {
  named('sealcap_sysctl', '<design/exec#.roots>', function* (p) {
    const root = p.slot();
    expect(sysctlCap(p.thread, 'security.cheri.sealcap', root)).toBe(0);
    expect([p.perms(root), p.hart.isTagged(root), addrOf(p.hart, root) + lengthOf(p.hart, root) <= p.format.types.last + 1])
      .toEqual([['global', 'seal', 'unseal'], true, true]);
    yield;
  }, [riscv, morello]);
  named('sealcap_seal, sealcap_seal_unseal', '<design/exec#.roots>', function* (p) {
    const root = p.slot(), page = p.live(PageSIZE), sealed = p.slot(), back = p.slot();
    sysctlCap(p.thread, 'security.cheri.sealcap', root);
    seal(p.hart, sealed, page, root);
    expect([p.hart.isTagged(sealed), typeOf(p.hart, sealed), addrOf(p.hart, sealed)]).toEqual([true, addrOf(p.hart, root), addrOf(p.hart, page)]);
    unseal(p.hart, back, sealed, root);
    expect(p.hart.isSame(back, page)).toBe(true);
    yield;
  }, [riscv, morello]);
  named('cidcap_sysctl', '<design/exec#.roots>', function* (p) {
    const root = p.slot();
    expect([sysctlCap(p.thread, 'security.cheri.cidcap', root), p.perms(root), p.hart.isTagged(root)]).toEqual([0, ['compartment', 'global'], true]);
    yield;
  }, [riscv, morello]);
});
