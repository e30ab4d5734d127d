// @ts-check
// The last line of .ci/run. Steps that failed count as failures where no failed test already says so.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = fileURLToPath(new URL('../build/test-report.json', import.meta.url))
const failedSteps = Number(process.argv[2] ?? 0)
/** @type {{ engines: Record<string, { passed: number, failed: number, skipped: number }>, unhandledErrors: number }} */
const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { engines: {}, unhandledErrors: 0 }

const engines = Object.values(report.engines)
const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) =>
  engines.reduce((total, counts) => total + counts[key], 0)
const failed = Math.max(sum('failed') + report.unhandledErrors, failedSteps)

process.exitCode = failed === 0 && sum('passed') > 0 ? 0 : 1
console.log(`${sum('passed')} passed, ${failed} failed, ${sum('skipped')} skipped`)
