/* cases.ts: CASES
 *
 * The program of the fresh processes: `cases.js NAME` times one case and prints what it measured as one line of JSON
 * <design/bench#.inv.fresh>. Each case loads only what it needs. An exception ends the process with its message, and so reaches
 * the bench <design/bench#.inv.loud>.
 */
import type { Sample } from './fresh.ts';

/** caseRun -- run the case of this name. */
async function caseRun(name: string): Promise<Sample> {
  const [bench, ...rest] = name.split('/');
  switch (bench) {
    case 'micro': return microCase(rest.join('/'));
    case 'vectors': return (await import('./vectors-work.ts')).vectorsTake(rest[0] ?? '');
    case 'barrier': return barrierCase(rest[0] ?? '');
    case 'os': return osCase(rest[0] ?? '', rest[1] ?? '');
    case 'pause': return pauseCase(rest[0] ?? '');
    case 'gcbench': return gcbenchCase(rest[0] ?? '', rest[1] ?? '');
    case 'scheme': return schemeCase(rest[0] ?? '', rest[1] ?? '');
    default: throw new Error(`there is no case "${name}"`);
  }
}

async function microCase(name: string): Promise<Sample> {
  const { LoopCOUNT, LOOPS } = await import('./loops.ts');
  const { microTake } = await import('./micro.ts');
  const { RANGES } = await import('./ranges.ts');
  const make = name === 'reserve-commit' ? (await import('./allocation.ts')).allocation : LOOPS[name] ?? RANGES[name];
  if (make === undefined) throw new Error(`there is no operation "${name}"`);
  return microTake(name, make(), LoopCOUNT);
}

async function barrierCase(what: string): Promise<Sample> {
  const { BarrierFULL } = await import('./barrier-work.ts');
  if (what === 'kernel') return (await import('./barrier-kernel.ts')).barrierKernel(BarrierFULL);
  if (what !== 'numbers' && what !== 'references') throw new Error(`there are no barriers "${what}"`);
  return (await import('./barrier-arena.ts')).barrierArena(what, BarrierFULL);
}

async function osCase(operation: string, grown: string): Promise<Sample> {
  const { OsFULL } = await import('./os-work.ts');
  if (operation === 'many') return (await import('./os-many.ts')).manyTake(OsFULL);
  if (grown !== 'maps' && grown !== 'threads') throw new Error(`there is nothing like "${grown}" to have many of`);
  return (await import('./os-take.ts')).osTake(operation, grown, OsFULL);
}

async function pauseCase(size: string): Promise<Sample> {
  const { PauseFULL, pauseTake } = await import('./pause-capstan.ts');
  const work = PauseFULL[size];
  if (work === undefined) throw new Error(`there is no heap "${size}"`);
  return pauseTake(work);
}

async function gcbenchCase(side: string, nursery: string): Promise<Sample> {
  const { GcbenchFULL } = await import('./gcbench-work.ts');
  if (side === 'objects') return (await import('./gcbench-objects.ts')).gcbenchObjects(GcbenchFULL);
  const { gcbenchCapstan } = await import('./gcbench-capstan.ts');
  return gcbenchCapstan(GcbenchFULL, { platform: platformOf(side), ...(nursery === 'default' ? {} : { nursery }) });
}

async function schemeCase(program: string, side: string): Promise<Sample> {
  if (side === 'biwascheme') return (await import('./scheme-biwascheme.ts')).schemeBiwaScheme(program);
  return (await import('./scheme-capstan.ts')).schemeCapstan(program, platformOf(side));
}

function platformOf(side: string): 'an' | 'ix' {
  if (side !== 'an' && side !== 'ix') throw new Error(`there is no platform "${side}"`);
  return side;
}

const name = process.argv[2];
if (name !== undefined) process.stdout.write(`${JSON.stringify(await caseRun(name))}\n`);
