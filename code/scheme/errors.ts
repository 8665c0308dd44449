/* errors.ts: WHAT A PRIMITIVE THROWS
 *
 * The one exception of the runtime: thrown by primitives and by the virtual machine's own checks, caught in one place, `run`
 * in vm.ts, which makes a condition of it and calls the handler in Scheme <design/vm#.raise>. It crosses no floor.
 */

/** A condition in the making. Its slots stay as they are until it is caught: nothing runs in between. */
export class SchemeRaise extends Error {
  readonly code = 'CAPSTAN_SCHEME';
  override readonly name = 'SchemeRaise';
  /** One of ConditionERROR and on. */
  readonly type: number;
  /** The slots that hold the irritants. */
  readonly irritants: readonly number[];

  constructor(type: number, message: string, irritants: readonly number[]) {
    const depth = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(message);
    Error.stackTraceLimit = depth;
    this.type = type;
    this.irritants = irritants;
  }
}

/** Thrown to end a program from within a primitive: nothing is left to go on with. Caught in `run` alone. */
export class SchemeHalt extends Error {
  readonly code = 'CAPSTAN_HALT';
  override readonly name = 'SchemeHalt';
}
