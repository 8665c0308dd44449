/* os.ts: THE OPERATING SYSTEM
 *
 * POSIX as its callers see it, over the machine <design/os>. This is the door of floor 2 <design/floors>.
 */
export * from './clock.ts';
export * from './crash.ts';
export * from './errno.ts';
export * from './kernel.ts';
export * from './mutex.ts';
export * from './process.ts';
export * from './sigframe.ts';
export * from './signal.ts';
export * from './step.ts';
export * from './thread.ts';
export * from './unwind.ts';
export * from './wait.ts';
export * from './vm/address-map.ts';
export * from './vm/frames.ts';
export * from './vm/mman.ts';
export * from './vm/object.ts';
export * from './vm/profile.ts';
export * from './vm/shm.ts';
