/* step.ts: STEPPED PROGRAMS
 *
 * A stepped program yields each access as an operation, so that its thread can be cut before every one of them and can block
 * inside one <design/thread#.stepped>:
 *
 *     const value = yield* stepLoad32(slot, 8);
 */
import { addrOfWindow, type Hart } from '../machine/machine.ts';

/** What an operation does. */
export type OperationKind =
  | 'load8' | 'load16' | 'load32' | 'loadDouble' | 'store8' | 'store16' | 'store32' | 'storeDouble' | 'loadCap' | 'storeCap' | 'call';

/** An operation that a program yields; the scheduler performs it, and goes on with its result. */
export class Operation {
  readonly kind: OperationKind;
  /** The slot of the authority. */
  readonly slot: number;
  readonly offset: number;
  /** What is stored: a number, or a slot; with loadCap the slot that is loaded. */
  readonly value: number;
  readonly call: (() => unknown) | null;

  constructor(kind: OperationKind, slot: number, offset: number, value: number, call: (() => unknown) | null) {
    this.kind = kind;
    this.slot = slot;
    this.offset = offset;
    this.value = value;
    this.call = call;
  }
}

/** operationPerform -- do it on a hart; the result is the loaded number or the call's, else undefined. */
export function operationPerform(hart: Hart, operation: Operation): unknown {
  const { slot, offset, value } = operation;
  switch (operation.kind) {
    case 'load8': return hart.load8(slot, offset);
    case 'load16': return hart.load16(slot, offset);
    case 'load32': return hart.load32(slot, offset);
    case 'loadDouble': return hart.loadDouble(slot, offset);
    case 'store8': return hart.store8(slot, offset, value);
    case 'store16': return hart.store16(slot, offset, value);
    case 'store32': return hart.store32(slot, offset, value);
    case 'storeDouble': return hart.storeDouble(slot, offset, value);
    case 'loadCap': return hart.loadCap(value, slot, offset);
    case 'storeCap': return hart.storeCap(slot, offset, value);
    case 'call': return operation.call?.();
  }
}

/** operationDescribe -- what it is, in a few words. */
export function operationDescribe(hart: Hart, operation: Operation): string {
  const { kind, slot, offset } = operation;
  if (kind === 'call') return 'a call';
  return `${kind} at 0x${(addrOfWindow(hart.r[slot << 3]) + offset).toString(16)} through slot ${slot}`;
}

/** A program's part that ends with a result of type T. */
export type Step<T> = Generator<Operation, T, unknown>;

function* load(kind: OperationKind, slot: number, offset: number): Step<number> {
  return (yield new Operation(kind, slot, offset, 0, null)) as number;
}

function* act(kind: OperationKind, slot: number, offset: number, value: number): Step<void> {
  yield new Operation(kind, slot, offset, value, null);
}

/** stepLoad8 to stepLoadDouble -- the hart's loads as operations. */
export const stepLoad8 = (src: number, offset: number): Step<number> => load('load8', src, offset);
export const stepLoad16 = (src: number, offset: number): Step<number> => load('load16', src, offset);
export const stepLoad32 = (src: number, offset: number): Step<number> => load('load32', src, offset);
export const stepLoadDouble = (src: number, offset: number): Step<number> => load('loadDouble', src, offset);

/** stepStore8 to stepStoreDouble -- the hart's stores as operations. */
export const stepStore8 = (dst: number, offset: number, value: number): Step<void> => act('store8', dst, offset, value);
export const stepStore16 = (dst: number, offset: number, value: number): Step<void> => act('store16', dst, offset, value);
export const stepStore32 = (dst: number, offset: number, value: number): Step<void> => act('store32', dst, offset, value);
export const stepStoreDouble = (dst: number, offset: number, value: number): Step<void> => act('storeDouble', dst, offset, value);

/** stepLoadCap -- load a capability as an operation. */
export const stepLoadCap = (dst: number, src: number, offset: number): Step<void> => act('loadCap', src, offset, dst);

/** stepStoreCap -- store slot `value` as an operation. */
export const stepStoreCap = (dst: number, offset: number, value: number): Step<void> => act('storeCap', dst, offset, value);

/** stepCall -- any call into the host as one operation; its accesses are plain ones. */
export function* stepCall<T>(call: () => T): Step<T> {
  return (yield new Operation('call', 0, 0, 0, call)) as T;
}
