// @ts-check
import { GROUPS, mutatePatterns } from './groups.mjs'

const group = process.env['RESHARE_MUTATION_GROUP'] ?? ''
const chosen = GROUPS[group]
if (chosen === undefined) throw new RangeError(`RESHARE_MUTATION_GROUP names no group: ${group}`)
const { inProcess = false } = chosen

export default {
  mutate: mutatePatterns(group),
  ignorePatterns: [
    'assembly',
    'bench',
    'build',
    'demo',
    'dist',
    'docs/*',
    '!docs/wire.md',
    'scripts',
    'coverage',
    'reports',
  ],
  tempDirName: `build/mutation/${group}`,
  testRunner: inProcess ? 'in-process' : 'vitest',
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  plugins: ['vitest-runner', 'in-process-runner', 'ignore-messages', 'survivors-reporter'].map(
    (name) => `./test/mutation/${name}.mjs`,
  ),
  ignorers: ['messages'],
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // A machine that is busy must not kill a mutant: an endless loop is found by counting, long before.
  timeoutMS: 120_000,
  timeoutFactor: 4,
  incremental: true,
  incrementalFile: `reports/mutation/${group}.json`,
  reporters: ['progress-append-only', 'survivors'],
  allowEmpty: true,
}
