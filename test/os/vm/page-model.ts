import { expect } from 'vitest';
import type { Random } from '../../../code/base/base.ts';
import type { VmObject } from '../../../code/os/vm/object.ts';
import type { Inherit, Reservation } from '../../../code/os/vm/reservation.ts';
import { mappingOf, NONE, PAGE, PageRig, PLAIN, R, RW, type Process } from './page-rig.ts';

/** What a page holds: a number at its start, and maybe a capability after it. */
interface Cell {
  value: number;
  tag: boolean;
}

interface ObjectModel {
  readonly object: VmObject;
  readonly cells: Cell[];
}

interface PageModel {
  kind: 'hole' | 'guard' | 'mapped';
  prot: number;
  object: ObjectModel | null;
  index: number;
  isShared: boolean;
  /** What is the page's own; null where it is, or would be, the object's. */
  own: Cell | null;
  how: Inherit;
}

const PAGES = 6;
const bases = [0x1000_0000, 0x9000_0000] as const;
const protections = [NONE, R, RW, RW, PLAIN] as const;
const hole = (): PageModel => ({ kind: 'hole', prot: NONE, object: null, index: 0, isShared: false, own: null, how: 'copy' });
const fresh = (): Cell => ({ value: 0, tag: false });

/** A process, and what it should find: two reservations of six pages, the second of which has a run. */
interface ProcessModel {
  readonly process: Process;
  readonly pages: PageModel[][];
}

/** Processes that map, fork and exit at random, beside a list of what each page of each should hold. */
export class PageModels {
  readonly rig: PageRig = new PageRig(30);
  readonly counts: Record<string, number> = {};
  private readonly draw: Random;
  private readonly objects: ObjectModel[];
  private processes: ProcessModel[] = [];
  private next = 1;

  constructor(draw: Random) {
    this.draw = draw;
    this.objects = [true, false].map((carriesTags) => ({
      object: this.rig.object(4 * PAGE, carriesTags), cells: Array.from({ length: 4 }, fresh),
    }));
  }

  step(): void {
    if (this.processes.length === 0) this.begin();
    const one = this.processes[this.draw(this.processes.length)], which = this.draw(2), reservation = one.process.reservations[which];
    const first = this.draw(PAGES), last = first + 1 + this.draw(PAGES - first), base = bases[which] + first * PAGE, limit = bases[which] + last * PAGE;
    const pages = one.pages[which], some = pages.slice(first, last);
    switch (this.draw(24)) {
      case 0: case 1: case 11: this.map(reservation, base, limit, some); break;
      case 2:
        if (this.draw(3) > 0) break;
        reservation.unmap(base, limit);
        for (const page of some) Object.assign(page, hole());
        break;
      case 3: this.protect(reservation, base, limit, some); break;
      case 4: this.fork(one); break;
      case 5: if (this.draw(6) === 0) this.exit(one); break;
      case 6: this.discard(reservation, base, limit, some); break;
      case 7: if (this.draw(2) === 0) this.inherit(reservation, base, limit, some); break;
      case 8: if (this.draw(2) === 0) this.move(one, which, first, last); break;
      case 9: if (this.draw(6) === 0) this.truncate(); break;
      case 10: reservation.sync(base, limit, this.draw(2) === 0); break;
      default: this.access(one.process, base, some[0]);
    }
    expect(one.process.reservations.map(({ mapped }) => mapped)).toEqual(one.pages.map((all) => all.filter(({ kind }) => kind !== 'hole').length));
  }

  /** finish -- look at every page, and give everything back. */
  finish(): void {
    for (const { process, pages } of this.processes) {
      pages.forEach((all, which) => { all.forEach((page, index) => { this.read(process, bases[which] + index * PAGE, page); }); });
    }
    for (const one of [...this.processes]) this.exit(one);
    for (const { object } of this.objects) object.drop();
    this.rig.whole();
  }

  private count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  private begin(): void {
    const process = this.rig.process();
    for (const [index, base] of bases.entries()) if (process.make({ base, pages: PAGES, run: index === 1 }) === null) throw new Error('no run');
    this.processes.push({ process, pages: bases.map(() => Array.from({ length: PAGES }, hole)) });
  }

  private map(reservation: Reservation, base: number, limit: number, some: PageModel[]): void {
    if (this.draw(8) === 0) {
      reservation.mapGuard(base, limit);
      for (const page of some) Object.assign(page, { ...hole(), kind: 'guard' });
      return;
    }
    const prot = protections[this.draw(protections.length)], model = this.draw(2) === 0 ? null : this.objects[this.draw(2)];
    const isShared = model !== null && this.draw(2) === 0, page = this.draw(3);
    reservation.map(base, limit, mappingOf({ prot, object: model === null ? null : model.object, page, isShared }));
    some.forEach((one, index) => {
      Object.assign(one, { ...hole(), kind: 'mapped', prot, object: model, index: page + index, isShared, own: model === null ? fresh() : null, how: isShared ? 'share' : 'copy' });
    });
  }

  private protect(reservation: Reservation, base: number, limit: number, some: PageModel[]): void {
    const prot = protections[this.draw(protections.length)];
    expect(reservation.allows(base, limit, prot)).toBe(prot === NONE || some.every(({ kind }) => kind !== 'hole'));
    reservation.protect(base, limit, prot);
    for (const page of some) if (page.kind === 'mapped') page.prot = prot;
  }

  private fork({ process, pages }: ProcessModel): void {
    if (this.processes.length > 3) return;
    const child = process.child();
    if (child === null) {
      this.count('fork refused');
      return;
    }
    this.count('fork');
    this.processes.push({ process: child, pages: pages.map((all) => all.map((page) => childOf(page))) });
  }

  private exit(one: ProcessModel): void {
    one.process.exit();
    one.pages.length = 0;
    this.processes = this.processes.filter((other) => other !== one);
  }

  private discard(reservation: Reservation, base: number, limit: number, some: PageModel[]): void {
    reservation.discard(base, limit);
    for (const page of some) if (page.kind === 'mapped' && !page.isShared) page.own = page.object === null ? fresh() : null;
  }

  private inherit(reservation: Reservation, base: number, limit: number, some: PageModel[]): void {
    const how = (['share', 'copy', 'none', 'zero'] as const)[this.draw(4)];
    // What is shared by two processes has no model here but an object's.
    if (how === 'share' && some.some((page) => page.kind === 'mapped' && !page.isShared)) return;
    expect(reservation.inherit(base, limit, how)).toBe(true);
    for (const page of some) if (page.kind !== 'hole') page.how = how;
    this.count(how);
  }

  private move({ process, pages }: ProcessModel, which: number, first: number, last: number): void {
    const other = 1 - which, at = this.draw(PAGES - (last - first) + 1), [from, to] = [process.reservations[which], process.reservations[other]];
    const done = from.moveTo(to, bases[which] + first * PAGE, (last - first) * PAGE, bases[other] + at * PAGE);
    this.count(done ? 'moved' : 'move refused');
    if (!done) return;
    for (let index = first; index < last; ++index) {
      Object.assign(pages[other][at + index - first], pages[which][index]);
      Object.assign(pages[which][index], hole());
    }
  }

  private truncate(): void {
    const model = this.objects[this.draw(2)], count = this.draw(5);
    if (count < model.cells.length) model.cells.length = count;
    while (model.cells.length < count) model.cells.push(fresh());
    model.object.truncate(count * PAGE);
    for (const { pages } of this.processes) for (const page of pages.flat()) if (page.object === model && page.index >= count) page.own = null;
  }

  private access(process: Process, addr: number, page: PageModel): void {
    const kind = this.draw(3);
    if (kind === 0) this.read(process, addr, page);
    else this.write(process, addr, page, kind === 1);
  }

  private read(process: Process, addr: number, page: PageModel): void {
    const cell = cellOf(page), expected = refusal(page, false, false), value = process.read(addr);
    if (value === 'page' && process.found === 'nomemory') this.count('no memory');
    else if (expected !== null) expect([value, process.found]).toEqual(['page', expected]);
    else expect([value, process.readCap(addr + 16)]).toEqual([(cell as Cell).value, (cell as Cell).tag && (page.prot & R) === R && carries(page)]);
  }

  private write(process: Process, addr: number, page: PageModel, isCap: boolean): void {
    const expected = refusal(page, true, isCap), value = this.next++;
    const done = isCap ? process.writeCap(addr + 16) : process.write(addr, value);
    if (done === 'page' && process.found === 'nomemory') {
      this.count('no memory');
      return;
    }
    this.count(expected ?? 'written');
    if (expected !== null) expect([done, process.found]).toEqual([isCap && (page.prot & PLAIN) === PLAIN && page.kind === 'mapped' && expected !== 'bus' ? 'page-storecap' : 'page', expected]);
    else expect(done).toBe(undefined);
    // What is refused to a capability alone has had the page copied.
    if (expected !== null && done === 'page') return;
    if (!page.isShared) page.own ??= { ...cellOf(page) as Cell };
    if (expected !== null) return;
    if (isCap) (cellOf(page) as Cell).tag = true;
    else (cellOf(page) as Cell).value = value;
  }
}

const cellOf = (page: PageModel): Cell | undefined => page.own ?? page.object?.cells[page.index];

/** carries -- whether tags are seen through a mapping. */
const carries = ({ object, isShared }: PageModel): boolean => object === null || !isShared || object.object.carriesTags;

/** refusal -- what an access should come to, if it is not made. */
function refusal(page: PageModel, writes: boolean, isCap: boolean): string | null {
  const need = writes ? PLAIN & ~1 : 1;
  if (page.kind === 'hole') return 'maperr';
  if (page.kind === 'guard' || (page.prot & need) === 0) return 'accerr';
  if (cellOf(page) === undefined) return 'bus';
  return isCap && ((page.prot & R & ~1) === 0 || !carries(page)) ? 'accerr' : null;
}

/** childOf -- what a child has of a page. */
function childOf(page: PageModel): PageModel {
  if (page.kind === 'hole' || page.how === 'none') return hole();
  if (page.kind === 'guard') return { ...page };
  if (page.how === 'zero') return { ...page, object: null, isShared: false, own: fresh() };
  if (page.isShared) return { ...page, isShared: page.how === 'share' };
  return { ...page, own: page.own === null ? null : { ...page.own } };
}
