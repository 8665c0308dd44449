/* kill.ts: SENDING SIGNALS
 *
 * kill and sigqueue by the number of a process <design/signal#.send>. Thread.kill is pthread_kill.
 */
import { signalSend } from './delivery.ts';
import { EINVAL, ESRCH } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { endingCheck } from './proc/ending.ts';
import { InitPID } from './proc/family.ts';
import { SI_QUEUE, SI_USER, signalExists } from './signal.ts';

/** kill -- send a signal to a process; 0 asks alone whether it is there
 *
 * All processes are one group: a pid of 0 is every process, the sender's last, and -1 every other one <design/os#.departs.group>. 0, ESRCH
 * where there is none of these, EINVAL for a number that no signal has, EAGAIN where too many real-time signals wait.
 */
export function kill(kernel: Kernel, pid: number, signal: number): number {
  endingCheck(kernel);
  if (pid !== 0 && pid !== -1) return send(kernel, pid, signal, SI_USER, 0);
  if (signal !== 0 && !signalExists(signal)) return EINVAL;
  const self = kernel.current?.process ?? null;
  const others = [...kernel.processes.values()].filter((process) => process.status === null && process !== self);
  if (others.length === 0 && (pid === -1 || self === null)) return ESRCH;
  // Whoever sends it is the last, for it may end there.
  for (const process of others) process.kill(signal);
  return pid === 0 && self !== null ? self.kill(signal) : 0;
}

/** sigqueue -- the same to one process, with a value for `SigInfo.value`, of 32 bits. */
export function sigqueue(kernel: Kernel, pid: number, signal: number, value: number): number {
  endingCheck(kernel);
  return send(kernel, pid, signal, SI_QUEUE, value | 0);
}

function send(kernel: Kernel, pid: number, signal: number, code: number, value: number): number {
  if (signal !== 0 && !signalExists(signal)) return EINVAL;
  // Init is the kernel itself, and takes nothing.
  if (pid === InitPID) return 0;
  const process = kernel.find(pid);
  // One that is over and has not been waited for is there, and takes nothing.
  if (process === null) return ESRCH;
  return signal === 0 || process.status !== null ? 0 : signalSend(process, null, signal, code, value);
}
