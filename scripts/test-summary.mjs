// @ts-check
// The last lines of .ci/run: which tests failed, and "N passed, N failed, N skipped". Steps that failed count as failures
// where no failed test already says so.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One report for each run of scripts/test.mjs. */
const folder = fileURLToPath(new URL('../build/test-reports', import.meta.url))
const failedSteps = Number(process.argv[2] ?? 0)
/** A report of test/support/reporter.ts.
 * @typedef {{
 *   engines: Record<string, { passed: number, failed: number, skipped: number }>,
 *   unhandledErrors: number,
 *   seed: string,
 *   failures: { engine: string, test: string, message: string }[],
 * }} Report */

/** The first lines of a failure's message are enough to know it again. */
const MESSAGE_LENGTH = 300

/** @type {Report[]} */
const reports = (existsSync(folder) ? readdirSync(folder) : []).map((name) =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')),
)

const engines = reports.flatMap((report) => Object.values(report.engines))
const unhandledErrors = reports.reduce((total, report) => total + report.unhandledErrors, 0)
const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) =>
  engines.reduce((total, counts) => total + counts[key], 0)
const failed = Math.max(sum('failed') + unhandledErrors, failedSteps)

for (const { seed, failures } of reports) {
  for (const { engine, test, message } of failures) {
    console.log(`failed with RESHARE_TEST_SEED=${seed}: ${engine}: ${test}: ${message.slice(0, MESSAGE_LENGTH)}`)
  }
}
process.exitCode = failed === 0 && sum('passed') > 0 ? 0 : 1
console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`)
