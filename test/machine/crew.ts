/* crew.ts: WORKERS FOR TESTS
 *
 * A few worker threads, started once, that do jobs together: each begins when all have come.
 */
import { Worker } from 'node:worker_threads';
import type { MachineImage, SpaceImage } from '../../code/machine/machine.ts';
import type { Findings, JobName } from './hammer.ts';

/** What every worker of a crew is told. */
export interface Job {
  readonly name: JobName;
  readonly machine: MachineImage;
  readonly space: SpaceImage;
  /** False: the harts take no locks, as if each were alone. */
  readonly isLocked: boolean;
  readonly operations: number;
  readonly seed: number;
}

/** A job as one worker gets it. */
export interface Shift extends Job {
  readonly id: number;
  readonly count: number;
  /** One word: how many workers have come. */
  readonly gate: SharedArrayBuffer;
}

/** Some workers. */
export class Crew {
  private readonly workers: readonly Worker[];

  constructor(count: number) {
    const module = new URL('./hammer.ts', import.meta.url).href;
    this.workers = Array.from({ length: count }, () => new Worker(new URL('./worker.js', import.meta.url), { workerData: { module } }));
  }

  /** work -- have all workers do a job; what each has found. */
  async work(job: Job): Promise<readonly Findings[]> {
    const gate = new SharedArrayBuffer(4), count = this.workers.length;
    return Promise.all(this.workers.map((worker, id) => new Promise<Findings>((resolve, reject) => {
      worker.removeAllListeners();
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.postMessage({ ...job, id, count, gate } satisfies Shift);
    })));
  }

  /** dismiss -- end the workers, which are idle. */
  async dismiss(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
