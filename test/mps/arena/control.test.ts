import { describe, expect, test } from 'vitest';
import type { BootOptions, Event } from '../../../code/mps/mps.ts';
import { seeds } from '../../seed.ts';
import { Lab } from '../lab.ts';
import { Rig } from '../rig.ts';

/** What happened in one pause: work, and what was told. */
interface Pause { readonly work: number; readonly told: readonly Event[] }

/** A program that keeps lists of small objects, on POSIX; and the pauses that it was made to take. */
class Program {
  readonly lab: Lab;
  readonly pauses: Pause[] = [];
  private readonly lists: number[];

  constructor(options: BootOptions) {
    this.lab = new Lab({ platform: 'ix', memory: '8MiB', nursery: '128KiB', ...options });
    this.lists = Array.from({ length: 8 }, () => this.lab.t.local());
    const { arena, told } = this.lab;
    let work = 0, from = 0;
    arena.watcher = {
      pause: (begins) => {
        if (begins) [work, from] = [arena.control.traced, told.length];
        else this.pauses.push({ work: arena.control.traced - work, told: told.slice(from) });
      },
    };
  }

  /** run -- make `count` objects of 64 bytes, each in one of the lists, of which one is dropped now and then. */
  run(count: number): void {
    const { lab, lists } = this, { t } = lab, node = t.enter(1);
    for (let n = 0; n < count; ++n) {
      const list = lists[n % 8];
      if (n % 5000 === 0) t.clear(list);
      lab.make(node, 64, n);
      t.storeCap(node, 16, list);
      t.move(list, node);
    }
    t.leave(node);
  }

  /** Pauses of polls, but for those in which a trace was only begun. */
  polls(): Pause[] {
    return this.pauses.filter(({ told }) => told.some((event) => event.type === 'quantum' && event.why === 'poll'));
  }
}

const quanta = ({ told }: Pause): Extract<Event, { type: 'quantum' }>[] => told.filter((event) => event.type === 'quantum');

const isOver = ({ told }: Pause): boolean => told.some((event) => event.type === 'reclaim');

describe('a poll', () => {
  test('does one quantum with a pause of 0 <design/policy#.pollagain> <design/policy#.pause>', () => {
    const program = new Program({ pause: '0' });
    program.run(60_000);
    const polls = program.polls();
    expect(polls.length, 'weak run').toBeGreaterThan(30);
    for (const pause of polls) expect(quanta(pause)).toHaveLength(1);
    expect(polls.filter((pause) => !isOver(pause)).length, 'weak run').toBeGreaterThan(10);
  });

  test('goes on while the pause lasts, and exceeds it by a part of a segment and its copies at most <design/policy#.pollagain> <design/policy#.pause> <design/trace#.departs.slice>', () => {
    const most = 128 * 1024, slack = 2 * 16 * 1024 + 4096, program = new Program({ pause: '125us', nursery: '512KiB', memory: '16MiB' });
    program.run(60_000);
    const polls = program.polls();
    let full = 0;
    for (const pause of polls) {
      // Beginning a trace is one piece of work, and may be more than the pause.
      const begun = pause.told.find((event) => event.type === 'flip');
      expect(pause.work).toBeLessThanOrEqual((begun === undefined ? most : Math.max(most, begun.roots + 64 * 1024)) + slack);
      if (!isOver(pause)) {
        expect(pause.work, 'it is not over before its time').toBeGreaterThanOrEqual(most);
        full += 1;
      }
    }
    expect(full, 'weak run').toBeGreaterThan(5);
    const { counts } = program.lab.arena;
    expect(counts.pauseWork).toBe(Math.max(...program.pauses.map(({ work }) => work)));
  });

  test('does no quantum where beginning the trace took the whole pause <design/policy#.pollagain>', () => {
    const program = new Program({ pause: '1us' }), { told } = program.lab;
    program.run(60_000);
    const begun = program.pauses.filter((pause) => pause.told.some(({ type }) => type === 'flip'));
    expect(begun.length, 'weak run').toBeGreaterThan(0);
    for (const pause of begun) expect(quanta(pause)).toHaveLength(0);
    for (const event of told) if (event.type === 'quantum') expect(event.work).toBeGreaterThan(0);
  });

  test('is as far from the last as the interval, more or less; while a trace is behind, from where the last was due <design/arena#.poll>', () => {
    for (const seed of seeds(3)) {
      const program = new Program({ pause: '0', seed }), { arena } = program.lab, interval = 64 * 1024, bound: number[] = [];
      const real = arena.control.poll.bind(arena.control), at = (): number => Reflect.get(arena.control, 'pollAt') as number;
      Object.assign(arena.control, {
        poll: () => {
          const due = at();
          real();
          if (at() === due) return;
          const distance = at() - (arena.trace.isBusy ? due : arena.filled);
          bound.push(distance);
          expect(distance).toBeGreaterThanOrEqual(interval / 2);
          expect(distance).toBeLessThan(interval * 1.5);
        },
      });
      program.run(20_000);
      expect(new Set(bound).size, 'weak run').toBeGreaterThan(10);
    }
  });

  test('in an emergency goes on until the trace is over <design/policy#.pollagain> <design/trace#.inv.emergency>', () => {
    const program = new Program({ pause: '0' }), { arena } = program.lab, { ledger, trace } = arena, advance = trace.advance.bind(trace);
    Object.assign(trace, {
      advance: (...args: Parameters<typeof advance>) => {
        Object.assign(ledger, { failAt: ledger.charges + 1, failForever: true });
        advance(...args);
        Object.assign(ledger, { failAt: 0, failForever: false });
      },
    });
    program.run(60_000);
    for (const pause of program.polls()) {
      if (pause.told.some(({ type }) => type === 'emergency')) expect(isOver(pause)).toBe(true);
    }
    expect(trace.emergency).toBe(false);
    expect(arena.counts.emergencies, 'weak run').toBeGreaterThan(2);
  });

  test('with a collection at each ends what it begins, barriers or not <design/policy#.every>', () => {
    const program = new Program({ pause: '0', collect: 'every-poll' });
    program.run(30_000);
    expect(program.polls().length, 'weak run').toBeGreaterThan(5);
    for (const pause of program.polls()) expect(isOver(pause)).toBe(true);
  });
});

describe('step', () => {
  for (const pause of ['0', '10ms']) {
    test(`does a quantum, and again, until nothing is left to do; pause ${pause} <design/arena#.step> <design/arena#.departs.step>`, () => {
      const program = new Program({ pause }), { lab } = program, { arena } = lab;
      arena.clamp();
      program.run(20_000);
      arena.release();
      Object.assign(arena.control, { quantum: () => 20_000 });
      let steps = 0;
      while (arena.step()) {
        expect(program.pauses.reduce((sum, one) => sum + quanta(one).length, 0)).toBe(steps += 1);
        expect(steps).toBeLessThan(1000);
      }
      expect(steps, 'weak run').toBeGreaterThan(10);
      expect(arena.trace.isBusy).toBe(false);
      for (const { told } of program.pauses) for (const event of told) if (event.type === 'quantum') expect([event.why, event.work < 60_000]).toEqual(['step', true]);
    });
  }
});

test('the work of a quantum is what policy says, and up to half as much more; the seed says how much <design/policy#.quantum> <design/determinism#.seed>', () => {
  const of = (seed: number): number[] => {
    const { arena } = new Lab({ platform: 'ix', seed, pause: '0' }), drawn: number[] = [];
    Object.assign(arena.trace, { foundation: 100_000, condemned: 400_000, expected: 60_000 });
    for (let n = 0; n < 50; ++n) {
      const quantum = arena.control.quantum(arena.trace);
      expect(quantum).toBeGreaterThanOrEqual(160_000 / (100_000 / 65_536));
      expect(quantum).toBeLessThan(1.5 * 160_000 / (100_000 / 65_536) + 3);
      drawn.push(quantum);
    }
    return drawn;
  };
  expect(of(1)).toEqual(of(1));
  expect(of(1)).not.toEqual(of(2));
  expect(new Set(of(1)).size, 'weak run').toBeGreaterThan(20);
});

test('work only grows, whatever happens to mutators and traces; so does the clock <design/trace#.work> <design/event#.clock>', () => {
  for (const options of [{ pause: '0' }, { pause: '50us' }, { pause: '12us', memory: '512KiB', nursery: '16KiB' }, { pause: '0', chunk: '64KiB', collect: 'every-poll' as const }]) {
    const rig = new Rig({ ...options, habits: { seed: 8, yields: true, collects: 1 }, mutators: 3, nursery: '32KiB', barriers: true });
    let last = 0, clock = 0;
    const look = (): void => {
      expect(rig.arena.control.traced).toBeGreaterThanOrEqual(last);
      last = rig.arena.control.traced;
    };
    rig.arena.watcher = { pause: look, scanned: look, condemned: look, left: look, finished: look };
    rig.play(120);
    rig.end();
    for (const event of rig.events) {
      expect(event.clock).toBeGreaterThanOrEqual(clock);
      clock = event.clock;
    }
    expect(last, 'weak run').toBeGreaterThan(100_000);
  }
});

describe('mutators between quanta', () => {
  for (const seed of seeds(4)) {
    test(`have their graph, whatever pause, nursery and grain are <design/amc#.req.graph> <design/plinth#.if.incremental> seed=${seed}`, () => {
      const pick = <T>(all: readonly T[], by: number): T => all[Math.floor(seed / by) % all.length];
      const rig = new Rig({
        habits: { seed, roots: 40, sizes: [16, 32, 64, 112, 400, 1000, 4096, 20_000], collects: 0, yields: true },
        mutators: pick([1, 4, 2, 3], 1), pause: pick(['0', '8us', '75us'], 2), nursery: pick(['8KiB', '64KiB', '128KiB'], 1), grain: pick(['4KiB', '16KiB'], 3),
        seed, memory: '3MiB', barriers: true,
      });
      rig.play(500);
      expect(rig.arena.counts.collections, 'weak run').toBeGreaterThan(1);
      expect(rig.hits, 'weak run').toBeGreaterThan(2);
      rig.end();
    });
  }
});
