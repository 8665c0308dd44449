/* compare.ts: ENGINE AND MODELS AFTER A STEP
 *
 * The reservations, the pages and the page table of each process, against the naive space and the neighbours <design/vm-oracle#.inv.naive>.
 */
import { PageEXECUTE, PageLOADCAP, PageREAD, PageSTORECAP, PageWRITE } from '../../../../code/machine/machine.ts';
import { basic } from './rules.ts';
import { CAPS, PAGE, R, W, X, type Page } from './space.ts';
import { must, type Process } from './world.ts';

/** settle -- the tree forgets the reservations that are gone. */
export function settle({ model, tree }: Process): void {
  if (tree.size === model.regions.length) return;
  const gone: Parameters<typeof tree.delete>[0][] = [];
  tree.each((region) => {
    if (!model.regions.includes(region)) gone.push(region);
  });
  for (const region of gone) tree.delete(region);
}

/** compare -- one process, page by page. */
export function compare(process: Process): void {
  const { map, model, space } = process;
  let mapped = 0, reserved = 0;
  const bases = new Set<number>();
  for (const { base, limit, kind, prot, reservation } of map.entries()) {
    bases.add(reservation);
    reserved += limit - base;
    for (let addr = base; addr < limit; addr += PAGE) {
      const page = model.page(addr), there = page === null ? 'hole' : page.isGuard ? 'guard' : 'mapped';
      must(kind === there, `at ${addr.toString(16)} there is a ${kind}, and should be a ${there}`);
      must(model.at(addr)?.base === reservation, `at ${addr.toString(16)} there is a reservation that should not be`);
      if (page !== null) must(page.isGuard || basic(prot) === basic(page.prot), `at ${addr.toString(16)} the protection is ${prot}, not ${page.prot}`);
      must(isWithin(space.window[addr / PAGE], page), `at ${addr.toString(16)} the page table allows more than the page`);
      mapped += kind === 'hole' ? 0 : 1;
    }
  }
  must(mapped === model.pages.size, 'there are pages that no reservation has');
  must(bases.size === model.regions.length, 'there is another number of reservations');
  must(reserved === model.regions.reduce((sum, { base, limit }) => sum + limit - base, 0), 'reservations have changed in size');
  must(model.neighbours.ranges().length === bases.size, 'the neighbours have other reservations');
}

/** isWithin -- the rights of an entry are no more than those of its page. */
function isWithin(entry: number, page: Page | null): boolean {
  if (page === null || page.isGuard) return entry === 0;
  const { prot } = page, has = (right: number): boolean => (entry & right) !== 0;
  return (!has(PageREAD) || (prot & R) !== 0) && (!has(PageWRITE) || (prot & W) !== 0) && (!has(PageEXECUTE) || (prot & X) !== 0)
    && (!has(PageLOADCAP) || (prot & CAPS) !== 0) && (!has(PageSTORECAP) || (prot & CAPS) !== 0);
}
