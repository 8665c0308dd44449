import { describe, expect, test } from 'vitest';
import { close as shut, pages } from '../rig.ts';
import {
  alarm, atFork, execute, execve, F_SETFD, FD_CLOEXEC, fork, getitimer, kill, MapANON, MapPRIVATE, O_RDWR, ProtREAD, pthreadCreate, RLIMIT_NOFILE, SIG_BLOCK, SIG_IGN, sigpending,
  sigqueue, sigSet, SigSetEMPTY, SIGTERM, SIGUSR1, SIGUSR2, SEEK_SET, setitimer, vfork, waitpid, type Process, type Program, type ProgramBody, type Thread, type Yielded,
} from '../../../code/os/os.ts';
import { start, system } from './rig.ts';

const program = (main: ProgramBody): Program => ({ name: 'new', text: 4096, data: 4096, bss: 0, main });
const nothing = function* (): Generator<never, void, unknown> { /* Ends at once. */ };

type Call = (self: Thread, process: Process, fd: number) => unknown;

/** Slot 5 has a page, with the path `t`. */
const calls: Record<string, Call> = {
  'exit': (_self, process) => { process.exit(9); },
  'kill': (_self, { kernel, pid }) => kill(kernel, pid, SIGTERM),
  'sigqueue': (_self, { kernel, pid }) => sigqueue(kernel, pid, SIGTERM, 1),
  'Process.kill': (_self, process) => process.kill(SIGTERM),
  'sigaction': (_self, process) => process.sigaction(SIGUSR1, { handler: SIG_IGN, mask: SigSetEMPTY, flags: 0 }),
  'setrlimit': (_self, process) => process.setrlimit(RLIMIT_NOFILE, { soft: 1, hard: 1 }),
  'mmap': ({ hart }, process) => process.mmap(hart, 6, 6, 4096, ProtREAD, MapANON | MapPRIVATE, -1),
  'atfork': (_self, process) => { atFork(process, {}); },
  'fork': (self) => fork(self, nothing),
  'vfork': (self) => vfork(self, nothing),
  'execve': (self) => execve(self, program(function* () { return 8; }), ['other']),
  'pthread_create': (self, process) => pthreadCreate(process, self, nothing),
  'spawn': (_self, process) => process.spawn('more', nothing),
  'adopt': (_self, process) => process.adopt('more'),
  'setitimer': (_self, process) => setitimer(process, 1000),
  'alarm': (_self, process) => alarm(process, 1),
  'pthread_key_create': (self, { keys }) => keys.create(self),
  'waitpid': (self) => waitpid(self, -1),
  'open': (self, { files }) => files.open(self, 5, O_RDWR),
  'shm_open': (_self, { files }) => files.shmOpen(O_RDWR),
  'close': (_self, { files }, fd) => files.close(fd),
  'dup': (_self, { files }, fd) => files.dup(fd),
  'dup2': (_self, { files }, fd) => files.dup2(fd, 7),
  'fcntl': (_self, { files }, fd) => files.fcntl(fd, F_SETFD, FD_CLOEXEC),
  'write': (self, { files }, fd) => files.write(self, fd, 5, 1),
  'pread': (self, { files }, fd) => files.pread(self, fd, 5, 1, 0),
  'pwrite': (self, { files }, fd) => files.pwrite(self, fd, 5, 1, 0),
  'lseek': (_self, { files }, fd) => files.lseek(fd, 3, SEEK_SET),
  'ftruncate': (self, { files }, fd) => files.ftruncate(self, fd, 1),
  'pipe': (self, { files }) => files.pipe(self, 5),
  'socketpair': (self, { files }) => files.socketpair(self, 1, 5),
  'mkdir': (self, { files }) => files.mkdir(self, 5),
  'chdir': (self, { files }) => files.chdir(self, 5),
};

/** sight -- what a process has that such calls change. */
function sight(self: Thread, fd: number): unknown {
  const { process } = self, { files, kernel } = process;
  return [
    process.dispositions[SIGUSR1].action, process.limits.get(RLIMIT_NOFILE), process.map.entries().length, process.atFork.length, process.threads.size,
    process.children.size, kernel.processes.size, process.name, files.list(), files.directory.path(), sigpending(self), files.description(fd)?.backing.size, getitimer(process), process.keys,
  ];
}

/** call -- make one, to its end, in a thread that is on its way out. */
function* call(name: string, self: Thread, fd: number): Generator<Yielded, void, unknown> {
  const result = calls[name](self, self.process, fd);
  if (typeof result === 'object' && result !== null && Symbol.iterator in result) yield* result as Generator<Yielded, unknown, unknown>;
}

/** noted -- the same, noting down how it ends. */
function* noted(log: unknown[], self: Thread, made: ReturnType<typeof call>): ReturnType<typeof call> {
  try {
    yield* made;
    log.push('returned');
  } catch (error) {
    log.push(error === self.unwind);
    throw error;
  }
}

/** prepared -- a descriptor of three bytes, and a path. */
function prepared(self: Thread): number {
  const { files } = self.process, fd = files.shmOpen(O_RDWR);
  pages(self, 5);
  self.hart.store8(5, 0, 't'.charCodeAt(0));
  expect(files.ftruncate(self, fd, 3)).toBe(0);
  return fd;
}

describe('a call of a thread that its process takes along', () => {
  for (const name of Object.keys(calls)) {
    test(`${name} throws its end again, and changes nothing of a process that exits <design/thread#.unwind>`, () => {
      const kernel = system(), log: unknown[] = [];
      const process = start(kernel, 'p', function* (_t, self) {
        const fd = prepared(self);
        try {
          process.exit(3);
        } finally {
          yield* noted(log, self, call(name, self, fd));
        }
      });
      kernel.run();
      expect([log, process.status, process.isOver, kernel.processes.size]).toEqual([[true], { exit: 3 }, true, 0]);
    });

    test(`${name} of the old program does nothing to the new one <design/thread#.unwind>`, () => {
      const seen = [false, true].map((isMade) => {
        const kernel = system(), log: unknown[] = [];
        const process = start(kernel, 'p', function* (_t, self) {
          const fd = prepared(self);
          self.sigprocmask(SIG_BLOCK, sigSet(SIGTERM, SIGUSR2));
          try {
            execve(self, program(function* (_h, fresh) {
              log.push(sight(fresh, fd));
              yield undefined;
              return 7;
            }), ['new']);
          } finally {
            if (isMade) yield* call(name, self, fd);
          }
        });
        kernel.run();
        return [log, process.status, kernel.processes.size];
      });
      expect(seen[0].slice(1)).toEqual([{ exit: 7 }, 0]);
      expect(seen[1]).toEqual(seen[0]);
    });
  }

  test('it ends what was taking care of itself there: each clause that calls, the highest first <design/thread#.unwind>', () => {
    const kernel = system(), log: string[] = [];
    start(kernel, 'p', function* (_t, self) {
      const { files } = self.process, fd = files.shmOpen(O_RDWR);
      try {
        try {
          self.process.exit(0);
        } finally {
          log.push('inner');
          files.close(fd);
          log.push('never');
        }
      } finally {
        log.push('outer');
      }
    });
    kernel.run();
    expect(log).toEqual(['inner', 'outer']);
  });

  test('a thread that ends itself calls as before <design/pthread#.cleanup>', () => {
    const kernel = system(), log: unknown[] = [];
    const process = start(kernel, 'p', function* (_t, self) {
      const fd = prepared(self);
      try {
        self.exit();
      } finally {
        log.push(process.files.close(fd), (yield* waitpid(self, yield* fork(self, nothing))) > 0);
        shut(self, 5);
      }
    });
    kernel.run();
    expect(log).toEqual([0, true]);
  });
});

test('what the old program sends to itself is not the new one\'s; what waited for it is <design/exec#.keeps>', () => {
  const kernel = system(), log: unknown[] = [];
  start(kernel, 'p', function* (_t, self) {
    self.sigprocmask(SIG_BLOCK, sigSet(SIGTERM, SIGUSR2));
    self.kill(SIGUSR2);
    try {
      execve(self, program(function* (_h, fresh) {
        log.push(fresh.pending);
        return 0;
      }), ['new']);
    } finally {
      self.kill(SIGTERM);
    }
  });
  kernel.run();
  expect(log).toEqual([sigSet(SIGUSR2)]);
});

test('nothing is executed in a process that is ending, or over <design/os#.process.over>', () => {
  const kernel = system(), other = kernel.process('other');
  const process = start(kernel, 'p', function* (_t, self) {
    yield undefined;
    self.process.exit(3);
  });
  const begin = (): unknown => execute(process, program(function* () { return 7; }), ['new']);
  other.spawn('o', function* () {
    process.exit(3);
    expect([process.status, process.isOver]).toEqual([{ exit: 3 }, false]);
    expect(begin).toThrow('<design/os#.process.over>');
  });
  kernel.run();
  expect(begin).toThrow('<design/os#.process.over>');
  expect([process.status, process.isOver]).toEqual([{ exit: 3 }, true]);
});
