/* os-many.ts: MANY THREADS
 *
 * Threads with small stacks that exist all at once, made, blocked, and run to their ends; what one of them costs in time and memory
 * <design/bench#.os.many>.
 */
import { performance } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Sample } from './fresh.ts';
import { insist, OsRig, semaphore, since, SMALL } from './os-rig.ts';
import type { OsWork } from './os-work.ts';

/** collect -- the host's garbage is gone. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** resident -- bytes of this process that are in memory, without garbage. */
function resident(): number {
  collect();
  return process.memoryUsage().rss;
}

/** manyTake -- nanoseconds a thread to be made, to come to block, and to go on to its end; bytes a thread, made and blocked; and the
 * same of generators alone. */
export function manyTake({ many }: OsWork): Sample {
  return { ...generators(many), ...threads(many) };
}

function threads(many: number): Sample {
  const rig = new OsRig(0, 'threads', many * SMALL.stackSize), gate = semaphore(), from = resident();
  let ended = 0;
  const made = performance.now();
  for (let i = 0; i < many; i++) {
    rig.spawn(function* (_t, self) {
      yield* gate.wait(self);
      ended += 1;
    });
  }
  const create = since(made, many), blocked = performance.now();
  rig.steps(many);
  const block = since(blocked, many), bytes = (resident() - from) / many, freed = performance.now();
  for (let i = 0; i < many; i++) gate.post();
  rig.steps(many);
  const end = since(freed, many);
  insist('threads at their ends', ended, many);
  return { create, block, end, bytes };
}

/** generators -- as many, made, run to where they yield, and on to their ends. */
function generators(many: number): Sample {
  const from = resident(), all: Generator<undefined, void, unknown>[] = [];
  let ended = 0;
  const body = function* (): Generator<undefined, void, unknown> {
    yield undefined;
    ended += 1;
  };
  const made = performance.now();
  for (let i = 0; i < many; i++) all.push(body());
  const generatorCreate = since(made, many), blocked = performance.now();
  for (const one of all) one.next();
  const generatorBlock = since(blocked, many), generatorBytes = (resident() - from) / many, freed = performance.now();
  for (const one of all) one.next();
  const generatorEnd = since(freed, many);
  insist('generators at their ends', ended, many);
  return { generatorCreate, generatorBlock, generatorEnd, generatorBytes };
}
