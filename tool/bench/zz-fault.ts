import { Memory } from '../../code/machine/machine.ts';
import { Kernel, Frames, SA_SIGINFO, SIGSEGV, SigSetEMPTY, MapANON, MapPRIVATE, ProtREAD, ProtWRITE, type Thread } from '../../code/os/os.ts';

const memory = new Memory(64 << 20);
const kernel = new Kernel({ memory, frames: new Frames(0x10000, memory.size - 0x10000), seed: 1 });
const process_ = kernel.process('bench');
const thread = process_.adopt('main') as Thread;
const t = thread.hart;
const errno = process_.map.mmap(t, 1, 0, 1 << 20, ProtREAD | ProtWRITE, MapANON | MapPRIVATE);
if (errno !== 0) throw new Error(`mmap ${errno}`);
let n = 0;
const window_ = process_.space.window, low = t.r[8] >>> 0;
const entry = window_[low >>> 12];
process_.sigaction(SIGSEGV, { handler: function* () { n++; window_[low >>> 12] = entry; }, mask: SigSetEMPTY, flags: SA_SIGINFO });
function loop(count: number): void {
  for (let i = 0; i < count; i++) {
    window_[low >>> 12] = entry & -4096 | 32;
    t.load32(1, 16);
  }
}
for (let k = 0; k < 5; k++) { loop(200000); }
for (let k = 0; k < 5; k++) {
  const a = performance.now();
  loop(1000000);
  console.log(`${(performance.now() - a).toFixed(1)} ns per fault`);
}
console.log(n, kernel.counts);
