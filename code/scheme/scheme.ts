/* scheme.ts: SCHEME
 *
 * A language runtime whose every value lives in the collected heap: the door of floor 4's reference client
 * <design/scheme> <design/vm>.
 */
export * from './datum.ts';
export * from './kinds.ts';
export { Runtime, type Outcome, type RuntimeOptions } from './runtime.ts';
export { Shared } from './shared.ts';
export { Vm, type Progress } from './vm.ts';
