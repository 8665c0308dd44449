/* raise.ts: RAISING, AND A FULL HEAP
 *
 * How what is thrown in the host becomes a call of the program's handler, and how a handler gets memory to run in when there
 * is none <design/vm#.raise> <design/vm#.exhausted>.
 */
import type { Hart } from '../machine/machine.ts';
import { SchemeHalt, SchemeRaise } from './errors.ts';
import { Fixnums } from './fixnum.ts';
import {
  ConditionEXHAUSTED, KindBALLAST, SlotBALLAST, SlotEXHAUSTED, SlotRAISE, SlotTMP0, SlotVM7, WindowBASE,
} from './kinds.ts';
import type { AllocationPoint } from './objects.ts';
import type { Hooks } from './primitive.ts';
import type { Vm } from './vm.ts';

/** What is held back so that handlers can run when the heap is full: a window's worth of frames, and some. */
const BallastSIZE = 96 * 1024;

/** So many refusals of ballast cost no waiting. */
const RefusalsFREE = 4;

/** How a program ended, if not well. */
export interface Failure {
  readonly status: 'error' | 'exhausted';
  readonly message: string;
  readonly chain: readonly string[];
}

/** Arithmetic, and errors. */
export class Raises extends Fixnums {
  /** Set when the program has ended with an error. */
  failure: Failure | null = null;
  /** Set when the program has called `exit`. */
  exitCode: number | null = null;
  /** Whether there is no ballast, how often it was asked for in vain, and how many more chances are to pass. */
  private relieved: boolean = true;
  /** Whether the handler for which it was given up has been left: until then it needs the memory. */
  protected escaped: boolean = true;
  private refusals: number = 0;
  private wait: number = 0;

  constructor(hart: Hart, ap: AllocationPoint, hooks: Hooks) {
    super(hart, ap, hooks);
    this.makeExhausted(SlotEXHAUSTED);
  }

  /** raise -- call the procedure that raises with a condition for what was thrown, above the running frame. */
  protected raise(raised: SchemeRaise): void {
    const hart = this.hart, base = this.fp + this.frameSize(), condition = base + 2;
    if (base + 3 > hart.limit - WindowBASE) {
      this.failure = { status: 'exhausted', message: 'heap exhausted', chain: this.chain() };
      throw new SchemeHalt();
    }
    this.raiseTop(base + 3);
    if (raised.type === ConditionEXHAUSTED || !this.tryCondition(condition, raised)) {
      this.relieve();
      hart.move(condition, SlotEXHAUSTED);
    }
    if (!hart.isTagged(SlotRAISE)) this.uncaught(condition);
    this.link(base);
    hart.move(base + 1, SlotRAISE);
    this.enterClosure(base, 1);
  }

  private tryCondition(dst: number, raised: SchemeRaise): boolean {
    try {
      this.condition(dst, raised);
      return true;
    } catch (error) {
      if (error instanceof SchemeRaise) return false;
      throw error;
    }
  }

  /** relieve -- make room for a handler when the heap is full. */
  private relieve(): void {
    this.hart.clear(SlotBALLAST);
    this.clearScratch();
    this.relieved = true;
    this.escaped = false;
    this.refusals = 0;
    this.wait = 0;
    this.borrow();
  }

  /** clearScratch -- forget what registers hold from the last use, so that it does not live on. */
  protected clearScratch(): void {
    for (let slot = SlotTMP0; slot <= SlotVM7; slot += 1) this.hart.clear(slot);
  }

  /** ballast -- hold memory back for `relieve`, if there is some; after some refusals it is asked for less and less often. */
  protected ballast(): void {
    if (!this.relieved || !this.escaped) return;
    if (this.wait > 0) {
      this.wait -= 1;
      return;
    }
    if (this.ap.reserve(SlotBALLAST, BallastSIZE) === 0) {
      this.header(SlotBALLAST, KindBALLAST, BallastSIZE, 0, 0);
      this.relieved = !this.commit(SlotBALLAST);
    }
    if (!this.relieved) return;
    this.hart.clear(SlotBALLAST);
    this.refusals += 1;
    this.wait = 2 ** Math.min(Math.max(this.refusals - RefusalsFREE, 0), 12) - 1;
  }

  /** exit -- end the program because it says so. */
  exit(code: number): never {
    this.exitCode = code;
    throw new SchemeHalt();
  }

  /** uncaught -- end the program: nobody handled what is in the slot. */
  uncaught(slot: number): never {
    const chain = this.conditionChain(slot) ?? this.chain();
    const exhausted = this.conditionType(slot) === ConditionEXHAUSTED;
    const message = this.conditionText(slot, (part, write) => this.hooks.show(this as unknown as Vm, part, write));
    this.failure = { status: exhausted ? 'exhausted' : 'error', message, chain: chain.length > 0 ? chain : this.chain() };
    throw new SchemeHalt();
  }
}
