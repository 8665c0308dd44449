/* base.ts: THE BASE
 *
 * What knows TypeScript and nothing else. This is the door of floor 0 <design/floors>.
 */
export * from './check.ts';
export * from './land.ts';
export * from './random.ts';
export * from './ring.ts';
export * from './variety.ts';
