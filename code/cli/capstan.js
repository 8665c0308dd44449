#!/usr/bin/env node
/* capstan.js: THE COMMAND
 *
 * What `capstan` starts, in a clone as well as installed: plain JavaScript that any Node can read, which finds the command line
 * proper and runs it <design/setup#.start>. In a clone that is the TypeScript source, through tsx; installed, what was built.
 */
import { existsSync } from 'fs';
import { fileURLToPath } from 'url';

const version = process.versions.node;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

async function start() {
  if (Number(version.split('.')[0]) < 20) {
    console.error(`capstan: this is Node ${version}; Node 20 or later is needed (https://nodejs.org)`);
    process.exitCode = 2;
    return;
  }
  const isClone = existsSync(here('../../tsconfig.json'));
  if (isClone && !existsSync(here('../../node_modules/tsx'))) {
    console.error('capstan: this clone is not set up (run `npm ci` in it, or start it by `npm run -s capstan --`)');
    process.exitCode = 2;
    return;
  }
  // npm runs a script in the package's folder; the files that were named are where the user stood.
  const isScript = process.env.npm_lifecycle_event === 'capstan' && process.env.npm_package_json === here('../../package.json');
  if (isScript && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
  if (isClone) (await import('tsx/esm/api')).register();
  const { main } = await import(isClone ? './main.ts' : '../../dist/cli/main.js');
  await main(process.argv.slice(2));
}

void start();
