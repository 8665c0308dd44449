import { describe, expect, test } from 'vitest';
import {
  addrOf, andPerm, baseOf, clearTag, formats, incOffset, lengthOf, permsOf, sealEntry, setBounds, slotRead, slotWrite, type FaultKind, type FormatName,
} from '../../code/machine/machine.ts';
import { codeName, SA_NODEFER, SA_ONSTACK, SA_SIGINFO, SIGBUS, SIGPROT, SIGSEGV, SIGUSR1, type Abi, type Thread } from '../../code/os/os.ts';
import { altstackRead } from '../../code/os/altstack.ts';
import { faultSignal } from '../../code/os/sigfault.ts';
import { adopt, close, handle, open, pages } from './rig.ts';
import { system } from './signal-rig.ts';

/** Signal and code of each fault, as CheriBSD on either machine and Morello Linux have them. */
const table: Readonly<Record<FaultKind, readonly [riscv: string, morello: string, linux: string]>> = {
  tag: ['PROT_CHERI_TAG', 'PROT_CHERI_TAG', 'SEGV_CAPTAGERR'],
  seal: ['PROT_CHERI_SEALED', 'PROT_CHERI_SEALED', 'SEGV_CAPSEALEDERR'],
  bounds: ['PROT_CHERI_BOUNDS', 'PROT_CHERI_BOUNDS', 'SEGV_CAPBOUNDSERR'],
  type: ['PROT_CHERI_TYPE', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  invoke: ['PROT_CHERI_CINVOKE', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  execute: ['PROT_CHERI_PERM', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  load: ['PROT_CHERI_PERM', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  store: ['PROT_CHERI_PERM', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  loadcap: ['PROT_CHERI_PERM', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  storecap: ['PROT_CHERI_PERM', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  storelocal: ['PROT_CHERI_STORELOCAL', 'PROT_CHERI_PERM', 'SEGV_CAPPERMERR'],
  misaligned: ['BUS_ADRALN', 'BUS_ADRALN', 'BUS_ADRALN'],
  page: ['SEGV_ACCERR', 'SEGV_ACCERR', 'SEGV_ACCERR'],
  'page-loadcap': ['SEGV_LOADTAG', 'SEGV_LOADTAG', 'SEGV_CAPACCESSERR'],
  'page-storecap': ['SEGV_STORETAG', 'SEGV_STORETAG', 'SEGV_CAPACCESSERR'],
};

const signalOf = (code: string): number => (code.startsWith('PROT') ? SIGPROT : code.startsWith('BUS') ? SIGBUS : SIGSEGV);

const machines: readonly (readonly [Abi, FormatName])[] = [['cheribsd', 'riscv'], ['cheribsd', 'morello'], ['pcuabi', 'riscv'], ['pcuabi', 'morello']];

/** bench -- a thread of such a system, with a page in slot 1 through the root of the format, and the same in slot 2. */
function bench(abi: Abi, format: FormatName): Thread {
  const { process } = system({ abi, format }), thread = adopt(process, 'main'), { hart } = thread;
  pages(thread, 1);
  hart.move(2, 1);
  expect([hart.isMorello, hart.isTagged(1)]).toEqual([format === 'morello', true]);
  return thread;
}

for (const [abi, format] of machines) {
  describe(`${abi} on ${format}`, () => {
    for (const [kind, names] of Object.entries(table) as [FaultKind, (typeof table)[FaultKind]][]) {
      test(`a fault of kind ${kind} has its signal and code <design/signal#.fault>`, () => {
        const thread = bench(abi, format), name = abi === 'pcuabi' ? names[2] : names[format === 'riscv' ? 0 : 1];
        const fault = { kind, access: 'load', addr: addrOf(thread.hart, 1), low: 0, high: 0, size: 4, slot: 1, offset: 0, value: -1 } as const;
        const { signal, code } = faultSignal(thread, fault, 'accerr');
        expect([signal, codeName(signal, code, abi)]).toEqual([signalOf(name), name]);
        const [bus, short] = abi === 'pcuabi' ? ['BUS_ADRERR', 'BUS_ADRERR'] : ['BUS_OBJERR', 'BUS_OOMERR'];
        for (const [what, gives] of [['bus', bus], ['nomemory', short]] as const) {
          const told = faultSignal(thread, fault, what);
          expect([told.signal, codeName(told.signal, told.code, abi)]).toEqual([SIGBUS, gives]);
        }
        if (kind === 'page') expect(faultSignal(thread, fault as never, 'maperr')).toMatchObject({ signal: SIGSEGV, code: 1 });
      });
    }

    /** What can be spoilt about the authority in slot 1 of a store of slot 2 at offset 32. */
    const spoilers: readonly (readonly [FaultKind, (thread: Thread) => void])[] = [
      ['tag', ({ hart }) => clearTag(hart, 1, 1)],
      ['seal', ({ hart }) => sealEntry(hart, 1, 1)],
      ['bounds', ({ hart }) => setBounds(hart, 1, 1, 40)],
      ['store', ({ hart }) => andPerm(hart, 1, 1, formats[format].perm.load)],
      ['storecap', ({ hart }) => andPerm(hart, 1, 1, formats[format].perm.all & ~formats[format].perm.storeCap)],
      ['storelocal', ({ hart }) => {
        andPerm(hart, 1, 1, formats[format].perm.all & ~formats[format].perm.storeLocal);
        andPerm(hart, 2, 2, formats[format].perm.all & ~formats[format].perm.global);
      }],
      ['misaligned', ({ hart }) => incOffset(hart, 1, 1, 4)],
      ['page', (thread) => close(thread, 3)],
    ];
    for (const [kind, spoil] of spoilers) {
      test(`${kind}: the handler sees code, address, trap number and register, and changes the access <design/signal#.fault> <design/sigframe#.format>`, () => {
        const thread = bench(abi, format), { process, hart } = thread, { signal, code } = { signal: signalOf(nameOf(kind)), code: nameOf(kind) };
        hart.move(3, 1);
        hart.move(4, 1);
        slotWrite(hart, 3, formats[format].setOffset(slotRead(hart, 3), 0n));
        const seen: unknown[] = [];
        spoil(thread);
        const addr = addrOf(hart, 1) + 32, isCap = signal === SIGPROT;
        handle(process, signal, function* (_signal, info, context) {
          if (info === null || context === null) throw new Error('no views');
          seen.push([codeName(signal, info.code, abi), info.addr, context.kind]);
          expect([info.trapno, info.capreg]).toEqual(format === 'morello' ? [0x24, 0] : [
            { misaligned: 6, page: 15 }[kind as string] ?? 0x1c, kind === 'misaligned' || kind === 'page' ? 0 : 1]);
          expect(isCap && kind === 'page').toBe(false);
          if (kind === 'page') open(thread, 3);
          // The registers of the access: the frame's, with tags, in the machine's format.
          context.store(1, 4);
          if (kind === 'storelocal') context.store(2, 4);
          context.load(hart.local(), 1);
          expect(hart.isSame(hart.top - 1, 4)).toBe(true);
          const frame = context.contextSlot(), part = info.infoSlot();
          expect([hart.isTagged(frame), lengthOf(hart, frame), lengthOf(hart, part), baseOf(hart, frame) - baseOf(hart, part)]).toEqual([true, 80, 48, 48]);
          expect([hart.load32(part, 0), permsOf(hart, part) & formats[format].perm.execute]).toEqual([signal, 0]);
        }, SA_SIGINFO | SA_NODEFER);
        hart.storeCap(1, 32, 2);
        expect(seen).toEqual([[code, addr, kind]]);
        hart.loadCap(5, 4, 32);
        expect([hart.isSame(5, kind === 'storelocal' ? 4 : 2), hart.isSame(1, 4)]).toEqual([true, true]);
      });
    }

    const nameOf = (kind: FaultKind): string => table[kind][abi === 'pcuabi' ? 2 : format === 'riscv' ? 0 : 1];

    test('a register that is overwritten through the frame, by the machine, is decoded in its format <design/sigframe#.format>', () => {
      const thread = bench(abi, format), { process, hart } = thread;
      hart.move(4, 1);
      handle(process, SIGSEGV, function* (_signal, _info, context) {
        const frame = context?.contextSlot() ?? 0;
        hart.storeCap(frame, 48, 4);
        open(thread, 4);
      });
      close(thread, 4);
      setBounds(hart, 1, 1, 64);
      hart.store32(1, 8, 9);
      expect([hart.isSame(1, 4), lengthOf(hart, 1), hart.load32(1, 8)]).toEqual([true, 0x1000, 9]);
    });

    test('an alternate stack is told of, with its capability, and bounds the frames on it <design/sigframe#.altstack>', () => {
      const thread = bench(abi, format), { process, hart } = thread, seen: unknown[] = [];
      const least = abi === 'pcuabi' ? 5120 : 4096;
      pages(thread, 1, 4);
      expect([thread.sigaltstack(1, least - 1), thread.altstack]).toEqual([12, null]);
      expect([thread.sigaltstack(1, 0x4001), thread.sigaltstack(1, least)]).toEqual([14, 0]);
      handle(process, SIGUSR1, function* () {
        seen.push(altstackRead(thread, hart.local()), thread.sigaltstack(1, least), thread.isOnAltStack);
        expect(hart.isSame(hart.top - 1, 1)).toBe(true);
      }, SA_ONSTACK);
      thread.kill(SIGUSR1);
      expect(altstackRead(thread, 6)).toEqual({ size: least, flags: 0 });
      expect([hart.isSame(6, 1), thread.sigaltstack(1, 0, 4), altstackRead(thread, 6), hart.isTagged(6)]).toEqual([true, 0, { size: 0, flags: 4 }, false]);
      expect(seen).toEqual([{ size: least, flags: 1 }, 1, true]);
    });
  });
}
