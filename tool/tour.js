/* tour.js: THE TOUR
 *
 * Shows a capability, runs small programs on the collected heap, and says what the reader is looking at <design/setup#.tour>.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const stops = [
  {
    title: 'A capability',
    command: ['cap', '--base', '0x4000010000', '--length', '48', '--address', '0x4000010010', '--perms', 'rwRW'],
    before: 'What the heap of the programs below is made of: references that say what they may reach. This one is to an object of 48 bytes.',
    after: 'It lies in 16 bytes of memory with a tag beside them, which data cannot forge. An address far out of bounds would cost it the tag.',
  },
  {
    program: 'trees.scm',
    options: ['--memory', '64MiB', '--nursery', '1MiB', '--stats'],
    before: 'This program makes much garbage in a small heap. After its output stands what the collector did, and why each time.',
    after: 'Each pair lay in emulated memory, and was reached only through tagged capabilities. Collections moved the tree that was kept; the program did not notice.',
  },
  {
    program: 'trees.scm',
    options: ['--memory', '64MiB', '--nursery', '64KiB', '--pause', '0', '--threads', '3', '--stats'],
    before: 'The same program, run by three threads at once on one heap, and collected bit by bit while they run. What the collector has not finished it forbids them by mprotect.',
    after: 'A barrier hit is a SIGSEGV: its handler had the collector finish that part, and the access was made again. Threads were suspended while the collector worked.',
  },
  {
    program: 'words.scm',
    options: ['--memory', '16MiB', '--nursery', '4KiB', '--grain', '4KiB', '--collect', 'every-poll', '--check', 'cool'],
    before: 'Now a collection at every opportunity, with every check switched on: symbols, closures and continuations move all the time.',
    after: 'The output is what it is without any collection. The tests hold each of their programs to that.',
  },
  {
    program: 'full.scm',
    options: ['--memory', '8MiB'],
    before: 'Last, a program that fills its heap. It gets an error that it can handle, not a crash.',
    after: 'A program that does not handle it ends with exit code 3 and one line that names the option to raise.',
  },
];

const rule = '-'.repeat(79);

let stopped = false;
// The program gets the Ctrl-C as well, prints its report and ends; the tour only does not go on.
process.on('SIGINT', () => {
  stopped = true;
});

/** Text in lines of at most 79 columns, each but the last ended by `end`. */
function fold(text, end = '') {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + word.length + end.length < 79) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`${end}\n`);
}

function run(args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [here('../code/cli/capstan.js'), ...args], { cwd: here('..'), stdio: 'inherit' });
    child.on('exit', (code, signal) => resolve(signal === null ? code : 1));
  });
}

/** What a program's first line says of it. */
const commentOf = (program) => readFileSync(here(`tour/${program}`), 'utf8').split('\n', 1)[0].replace(/^; */, '');

for (const [i, { program, options, title, command, before, after }] of stops.entries()) {
  const name = title ?? `${program}: ${commentOf(program)}`, args = command ?? ['run', `tool/tour/${program}`, ...options];
  console.log(`${i === 0 ? '' : '\n'}${rule}\n${fold(`${i + 1} of ${stops.length}. ${name}`)}\n\n${fold(before)}\n`);
  console.log(`$ ${fold(`capstan ${args.join(' ')}`, ' \\')}\n`);
  const code = await run(args);
  if (stopped || code === 130) {
    process.exitCode = 130;
    break;
  }
  if (code !== 0) {
    console.error(`tour: ${program ?? title} ended with exit code ${code}; it should be 0`);
    process.exitCode = 1;
    break;
  }
  console.log(`\n${fold(after)}`);
}

if (process.exitCode === undefined) {
  console.log(`\n${rule}\nThe programs are in tool/tour. Run one of your own: npm run -s capstan -- run FILE.scm\nAll commands: npm run -s capstan -- --help`);
}
