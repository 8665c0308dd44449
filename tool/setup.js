/* setup.js: SET-UP
 *
 * Runs before every npm script and says nothing when there is nothing to do <design/setup>. Plain JavaScript of an old kind,
 * without imports from node_modules: it must run where nothing is installed, and reach its one line on a Node that is too old.
 */
import { spawnSync } from 'child_process';
import { existsSync, readFileSync, realpathSync } from 'fs';
import { dirname, join } from 'path';
import { fileURLToPath } from 'url';

/** The least major version of Node <design/setup#.req.node>. */
export const NodeLEAST = 20;

/** Why `version` of Node will not do: one line, or null when it will. */
export function nodeProblem(version) {
  if (Number(version.split('.')[0]) >= NodeLEAST) return null;
  return 'capstan: this is Node ' + version + '; Node ' + NodeLEAST + ' or later is needed (https://nodejs.org)';
}

/** Why what is installed is not what the lock file says; null when it is <design/setup#.inv.fresh>.
 *
 * `wanted` and `found` are the parsed package-lock.json and node_modules/.package-lock.json, the latter null when missing. npm
 * writes that file last, so an installation cut short has none. Optional packages depend on the platform and are not compared.
 */
export function staleness(wanted, found) {
  if (found === null) return 'nothing is installed';
  const names = Object.keys(wanted.packages).filter((name) => name !== '');
  for (const name of names) {
    const want = wanted.packages[name], have = found.packages[name];
    if (want.optional === true || want.devOptional === true || want.peer === true) continue;
    if (have === undefined) return name + ' is missing';
    if (have.version !== want.version) return name + ' is ' + have.version + ', not ' + want.version;
  }
  return null;
}

/** Make the repository at `root` ready to run; the exit code, 0 when it is. */
function setup(root) {
  const problem = nodeProblem(process.versions.node);
  if (problem !== null) {
    console.error(problem);
    return 2;
  }
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'));
  const installed = 'node_modules/.package-lock.json';
  const stale = staleness(read('package-lock.json'), existsSync(join(root, installed)) ? read(installed) : null);
  if (stale === null) return 0;
  console.error('capstan: setting up, once (npm ci: ' + stale + ') ...');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-fund', '--no-audit', '--loglevel=error'];
  // Standard output belongs to whatever runs next; npm's goes to standard error.
  const options = { cwd: root, stdio: ['ignore', 2, 2] };
  const result = npm === undefined || !/npm-cli\.c?js$/.test(npm)
    ? spawnSync('npm', args, Object.assign({ shell: process.platform === 'win32' }, options))
    : spawnSync(process.execPath, [npm].concat(args), options);
  if (result.status === 0) return 0;
  console.error('capstan: set-up failed; it needs npm and, the first time, its registry (see above, then run the same again)');
  return 1;
}

const here = fileURLToPath(import.meta.url);
if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === here) process.exitCode = setup(dirname(dirname(here)));
