/* os.ts: THE OPERATING SYSTEM
 *
 * POSIX as its callers see it, over the machine <design/os>. This is the door of floor 2 <design/floors>.
 */
export * from './errno.ts';

// The kernel, and time.
export * from './clock.ts';
export * from './kernel.ts';
export * from './scheduler.ts';
export * from './wait.ts';

// Address spaces.
export * from './vm/address-map.ts';
export * from './vm/frames.ts';
export * from './vm/map-entry.ts';
export * from './vm/mman.ts';
export * from './vm/object.ts';
export * from './vm/profile.ts';
export * from './vm/shm.ts';

// Threads, and what they wait for each other with.
export * from './mutex.ts';
export * from './pthread/condition.ts';
export * from './pthread/keys.ts';
export * from './pthread/lock.ts';
export * from './pthread/once.ts';
export * from './pthread/pthread.ts';
export * from './pthread/semaphore.ts';
export * from './step.ts';
export * from './thread.ts';
export * from './unwind.ts';

// Signals.
export * from './alarm.ts';
export * from './altstack.ts';
export * from './core.ts';
export * from './crash.ts';
export { callDrive } from './delivery.ts';
export * from './jump.ts';
export * from './kill.ts';
export * from './safety.ts';
export * from './sigframe.ts';
export * from './signal.ts';
export * from './sigwait.ts';

// Processes.
export * from './proc/abort.ts';
export * from './proc/auxiliary.ts';
export * from './proc/exec.ts';
export * from './proc/family.ts';
export * from './proc/fork.ts';
export * from './proc/limits.ts';
export * from './proc/registers.ts';
export * from './proc/sysctl.ts';
export * from './proc/views.ts';
export * from './process.ts';

// Files.
export * from './fs/copy.ts';
export * from './fs/descriptors.ts';
export * from './fs/files.ts';
export * from './fs/file-system.ts';
export * from './fs/flags.ts';
export * from './fs/host.ts';
export * from './fs/pipe.ts';
export * from './fs/source.ts';
export * from './fs/stat.ts';
export * from './fs/stream.ts';
