import { defineConfig, type ViteUserConfig } from 'vitest/config';

// One project a variety <design/check#.variety>: the same tests with the checks of `hot` and of `cool`.
const variety = (name: 'hot' | 'cool') => ({
  extends: true as const,
  test: { name, env: { CAPSTAN_CHECK: name } },
});

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The last counts calls, for `npm run mps-coverage` alone <design/coverage#.door>.
    setupFiles: ['test/seed.ts', 'test/collect.ts', ...process.env['CAPSTAN_DOOR'] === undefined ? [] : ['test/door.ts']],
    isolate: false,
    // Shared memory that nobody has any more does not count in what makes V8 collect: `test/collect.ts` does it.
    execArgv: ['--expose-gc'],
    // Tests compute and do not wait: a worker a core.
    maxWorkers: '100%',
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [variety('hot'), variety('cool')],
  },
});

export default config;
