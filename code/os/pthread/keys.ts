/* keys.ts: THREAD-SPECIFIC DATA
 *
 * Keys of a process under which each thread has a value of its own, with what is to be done about the values of a thread that ends
 * <design/pthread#.keys>.
 */
import { HartREGISTERS } from '../../machine/machine.ts';
import { EAGAIN, EINVAL } from '../errno.ts';
import { endingCheck } from '../proc/ending.ts';
import { safetyCheck } from '../safety.ts';
import { ArgumentSLOT, type Thread, type ThreadRun } from '../thread.ts';

/** PTHREAD_KEYS_MAX: how many keys a process can have. */
export const PTHREAD_KEYS_MAX = 256;

/** PTHREAD_DESTRUCTOR_ITERATIONS: rounds of destructors, for these may set values. */
export const PTHREAD_DESTRUCTOR_ITERATIONS = 4;

/** What is done about a thread's value when the thread ends; by the thread, as a program like any other. */
export type Destructor = (value: unknown, thread: Thread) => ThreadRun;

/** The keys of a process. */
export class Keys {
  /** Destructors by key; undefined where there is no key. */
  private readonly known: (Destructor | null | undefined)[];

  /** Those of `from`, after a fork. */
  constructor(from: Keys | null = null) {
    this.known = [...from?.known ?? []];
  }

  /** create -- pthread_key_create: a key under which every thread has undefined, or -EAGAIN. */
  create(thread: Thread, destructor: Destructor | null = null): number {
    safetyCheck(thread, 'pthread_key_create');
    endingCheck(thread.process.kernel);
    const { known } = this, gap = known.indexOf(undefined), key = gap < 0 ? known.length : gap;
    if (key === PTHREAD_KEYS_MAX) return -EAGAIN;
    known[key] = destructor;
    return key;
  }

  /** delete -- pthread_key_delete: no destructor is run, and what threads had is gone. 0 or EINVAL. */
  delete(thread: Thread, key: number): number {
    safetyCheck(thread, 'pthread_key_delete');
    endingCheck(thread.process.kernel);
    if (this.known[key] === undefined) return EINVAL;
    this.known[key] = undefined;
    for (const { specifics } of thread.process.threads) specifics?.delete(key);
    return 0;
  }

  /** set -- pthread_setspecific: 0 or EINVAL. */
  set(thread: Thread, key: number, value: unknown): number {
    safetyCheck(thread, 'pthread_setspecific');
    if (this.known[key] === undefined) return EINVAL;
    thread.specifics ??= new Map<number, unknown>();
    thread.specifics.set(key, value);
    return 0;
  }

  /** get -- pthread_getspecific: the running thread's value; undefined if it has none. */
  get(thread: Thread, key: number): unknown {
    safetyCheck(thread, 'pthread_getspecific');
    return thread.specifics?.get(key);
  }

  /** destructors -- what a thread that has left its programs has still to run; null if nothing. */
  destructors(thread: Thread): ThreadRun | null {
    if (thread.specifics === null || thread.isDestroying) return null;
    thread.isDestroying = true;
    return this.destroy(thread);
  }

  /** destroy -- all of them. What they leave where the thread's result is, is not that; meanwhile it is in a local
   * <design/pthread#.join>. */
  private *destroy(thread: Thread): ThreadRun {
    const { hart } = thread;
    // What its programs had there is nobody's any more.
    hart.leave(HartREGISTERS);
    const result = hart.local();
    hart.move(result, ArgumentSLOT);
    try {
      yield* this.rounds(thread);
    } finally {
      hart.move(ArgumentSLOT, result);
    }
  }

  /** rounds -- rounds of destructors, until one has found nothing to do. While one runs its own value is gone, and the others are there. */
  private *rounds(thread: Thread): ThreadRun {
    let isOver = false;
    for (let round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS && !isOver; round++) {
      isOver = true;
      for (const key of [...thread.specifics?.keys() ?? []].sort((one, other) => one - other)) {
        const destructor = this.known[key], value = thread.specifics?.get(key);
        if (!destructor || value === undefined || value === null) continue;
        thread.specifics?.delete(key);
        yield* destructor(value, thread);
        isOver = false;
      }
    }
  }
}
