/* auxiliary.ts: ARGUMENTS, ENVIRONMENT, AUXILIARY VECTOR
 *
 * What the kernel tells a program in memory: an array of capabilities for the strings of its arguments, one for those of its environment, each
 * ended by NULL, and entries of 32 bytes, a number and at 16 a value, ended by AT_NULL <design/exec#.auxv>. Each capability is exact.
 */
import { PageSIZE, sealEntry, slotWrite } from '../../machine/machine.ts';
import type { Kernel } from '../kernel.ts';
import { permsOfProt, ProtEXEC, ProtHASCAP, ProtREAD, ProtWRITE } from '../vm/mman.ts';
import type { Extent } from '../vm/representable.ts';
import type { Program } from './exec.ts';
import type { Places } from './image.ts';
import { extentAt, Layout, type Loader } from './loader.ts';
import { ArgcSLOT, ArgvSLOT, AuxvSLOT, codePerms, dataPerms, EnvpSLOT } from './registers.ts';
import { compartmentRoot, sealRoot } from './roots.ts';

/** Of both systems. */
export const AT_NULL = 0;
export const AT_PAGESZ = 6;
export const AT_ENTRY = 9;

/** CheriBSD's. */
export const AT_EXECPATH = 15;
export const AT_NCPUS = 19;
export const AT_ARGC = 28;
export const AT_ARGV = 29;
export const AT_ENVC = 30;
export const AT_ENVV = 31;

/** Morello Linux's. */
export const AT_PLATFORM_LINUX = 15;
export const AT_RANDOM_LINUX = 25;
export const AT_EXECFN_LINUX = 31;
export const AT_SYSINFO_EHDR_LINUX = 33;
export const AT_CHERI_EXEC_RW_CAP = 60;
export const AT_CHERI_EXEC_RX_CAP = 61;
export const AT_CHERI_STACK_CAP = 64;
export const AT_CHERI_SEAL_CAP = 65;
export const AT_CHERI_CID_CAP = 66;
export const AT_ARGC_LINUX = 80;
export const AT_ARGV_LINUX = 81;
export const AT_ENVC_LINUX = 82;
export const AT_ENVP_LINUX = 83;

/** Bytes of an entry, and where its value is. */
export const AuxSIZE = 32;
export const AuxVALUE = 16;

const CapSIZE = 16;
const RandomSIZE = 16;

/** What puts a value into a slot. */
type Put = (slot: number) => void;

/** An entry of the auxiliary vector. */
type Entry = readonly [type: number, put: Put];

/** A part of the reservation, and what its capability may do. */
interface Part {
  readonly extent: Extent;
  readonly perms: number;
}

/** The reservation while it is made: first its parts, then the reservation, then what is in them. */
class Area {
  readonly loader: Loader;
  private readonly layout: Layout;
  private readonly writers: (() => void)[] = [];
  private base: number = 0;

  constructor(loader: Loader) {
    this.loader = loader;
    this.layout = new Layout(loader.format);
  }

  /** bytes -- a part that holds them. */
  bytes(bytes: Uint8Array, perms: number): Part {
    const extent = this.layout.take(bytes.length);
    this.writers.push(() => this.loader.storeBytes(extent.base, bytes));
    return { extent, perms };
  }

  /** text -- a string, and its NUL. */
  text(text: string, perms: number): Part {
    return this.bytes(new TextEncoder().encode(`${text}\0`), perms);
  }

  /** array -- capabilities for parts, and NULL. */
  array(parts: readonly Part[]): Part {
    const { loader } = this, extent = this.layout.take((parts.length + 1) * CapSIZE, CapSIZE);
    this.writers.push(() => parts.forEach((part, index) => loader.store(extent.base + index * CapSIZE, this.pointer(part))));
    return { extent, perms: dataPerms(loader.format) };
  }

  /** vector -- entries, and AT_NULL. */
  vector(entries: readonly Entry[]): Part {
    const { loader } = this, extent = this.layout.take((entries.length + 1) * AuxSIZE, CapSIZE);
    this.writers.push(() => {
      for (const [index, [type, put]] of entries.entries()) {
        loader.storeNumber(extent.base + index * AuxSIZE, type);
        loader.store(extent.base + index * AuxSIZE + AuxVALUE, put);
      }
    });
    return { extent, perms: dataPerms(loader.format) };
  }

  /** pointer -- a capability for a part, once there is one. */
  pointer({ extent, perms }: Part): Put {
    return (slot) => this.loader.cap(slot, extentAt(this.base, extent), perms);
  }

  /** write -- make the reservation, and write what is in it. */
  write(): void {
    const whole = this.loader.reserve(this.layout.size, ProtREAD | ProtWRITE, ProtREAD | ProtWRITE);
    this.base = whole.base;
    this.loader.open(whole);
    for (const writer of this.writers) writer();
  }
}

/** What the entries tell. */
interface Told {
  readonly area: Area;
  readonly kernel: Kernel;
  readonly places: Places;
  readonly name: string;
  readonly argc: number;
  readonly envc: number;
  readonly argv: Part;
  readonly envp: Part;
}

/** auxiliary -- write all of it into a reservation of its own, and set the registers for it. */
export function auxiliary(
  loader: Loader, kernel: Kernel, program: Program, places: Places, args: readonly string[], environment: readonly string[],
): void {
  const area = new Area(loader), { perm } = loader.format, perms = perm.global | perm.load | perm.store;
  const strings = (texts: readonly string[]): Part => area.array(texts.map((text) => area.text(text, perms)));
  const argv = strings(args), envp = strings(environment);
  const told: Told = { area, kernel, places, name: program.name, argc: args.length, envc: environment.length, argv, envp };
  const vector = area.vector(kernel.profile.abi === 'cheribsd' ? entriesOfCheribsd(told) : entriesOfPcuabi(told));
  area.write();
  loader.number(ArgcSLOT, args.length);
  area.pointer(argv)(ArgvSLOT);
  area.pointer(envp)(EnvpSLOT);
  area.pointer(vector)(AuxvSLOT);
}

function entriesOfCheribsd({ area, places, name, argc, envc, argv, envp }: Told): Entry[] {
  const { loader } = area, { perm } = loader.format;
  return [
    [AT_PAGESZ, numberPut(loader, PageSIZE)], [AT_ENTRY, entryPut(loader, places)],
    [AT_EXECPATH, area.pointer(area.text(name, perm.global | perm.load | perm.store))], [AT_NCPUS, numberPut(loader, 1)],
    [AT_ARGC, numberPut(loader, argc)], [AT_ARGV, area.pointer(argv)], [AT_ENVC, numberPut(loader, envc)], [AT_ENVV, area.pointer(envp)],
  ];
}

function entriesOfPcuabi({ area, kernel, places, name, argc, envc, argv, envp }: Told): Entry[] {
  const { loader } = area, { format } = loader, { perm } = format, readable = perm.global | perm.load;
  const random = Uint8Array.from({ length: RandomSIZE }, () => kernel.draw(0x100));
  const owning = (extent: Extent, prot: number, more: number = 0): Put =>
    (slot) => loader.cap(slot, extent, permsOfProt(format, prot | ProtHASCAP, 0) | more);
  return [
    [AT_PAGESZ, numberPut(loader, PageSIZE)], [AT_ENTRY, entryPut(loader, places)],
    [AT_PLATFORM_LINUX, area.pointer(area.text(kernel.format, readable))], [AT_RANDOM_LINUX, area.pointer(area.bytes(random, readable))],
    [AT_EXECFN_LINUX, area.pointer(area.text(name, readable))],
    [AT_SYSINFO_EHDR_LINUX, (slot) => loader.cap(slot, places.vdso, codePerms(format))],
    [AT_CHERI_EXEC_RW_CAP, owning(places.image, ProtREAD | ProtWRITE)],
    [AT_CHERI_EXEC_RX_CAP, owning(places.image, ProtREAD | ProtEXEC, perm.invoke)],
    [AT_CHERI_STACK_CAP, owning(places.stack, ProtREAD | ProtWRITE)],
    [AT_CHERI_SEAL_CAP, (slot) => slotWrite(loader.hart, slot, sealRoot(format))],
    [AT_CHERI_CID_CAP, (slot) => slotWrite(loader.hart, slot, compartmentRoot(format))],
    [AT_ARGC_LINUX, numberPut(loader, argc)], [AT_ARGV_LINUX, area.pointer(argv)],
    [AT_ENVC_LINUX, numberPut(loader, envc)], [AT_ENVP_LINUX, area.pointer(envp)],
  ];
}

const numberPut = (loader: Loader, value: number): Put => (slot) => loader.number(slot, value);

/** entryPut -- where the program begins: a sentry. */
const entryPut = (loader: Loader, { text }: Places): Put => (slot) => {
  loader.cap(slot, text, codePerms(loader.format));
  sealEntry(loader.hart, slot, slot);
};
