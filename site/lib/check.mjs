// @ts-check
// What a built site must pass: its links, its search, and three of its pages in Chromium.
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableEngines } from '../../scripts/test-engines.mjs'
import { browserProblems } from './browse.mjs'
import { linkProblems } from './output.mjs'
import { QUESTIONS, searchProblems } from './search.mjs'

/** @typedef {{ name: string, state: 'passed' | 'failed' | 'skipped', said: string, problems: readonly string[] }} Outcome */

/** @param {string} folder of the built site @param {string} base @returns {Promise<boolean>} whether nothing failed */
export async function checkSite(folder, base) {
  const outcomes = [await checkLinks(folder, base), await checkSearch(folder, base), await checkPages(folder, base)]
  for (const { name, state, said, problems } of outcomes) {
    console.log([`${name}: ${state}, ${said}`, ...problems].join('\n  '))
  }
  writeReport(outcomes)
  return outcomes.every(({ state }) => state !== 'failed')
}

/** @param {string} folder @param {string} base */
async function checkLinks(folder, base) {
  const { links, problems } = linkProblems(folder, base)
  return outcomeOf('links', `${links} links`, problems)
}

/** @param {string} folder @param {string} base */
async function checkSearch(folder, base) {
  return outcomeOf('search', `${QUESTIONS.length} questions`, await searchProblems(folder, base))
}

/** @param {string} folder @param {string} base @returns {Promise<Outcome>} */
async function checkPages(folder, base) {
  const [missing] = availableEngines(['chromium']).leftOut
  if (missing !== undefined && process.env['CI'] !== 'true') {
    return { name: 'pages', state: 'skipped', said: `Chromium ${missing.reason}`, problems: [] }
  }
  const { views, problems } = await browserProblems(folder, base)
  return outcomeOf('pages', `${views} views`, problems)
}

/** @param {string} name @param {string} said @param {readonly string[]} problems @returns {Outcome} */
function outcomeOf(name, said, problems) {
  return { name, state: problems.length === 0 ? 'passed' : 'failed', said, problems }
}

/** What scripts/test-summary.mjs counts. @param {readonly Outcome[]} outcomes */
function writeReport(outcomes) {
  const count = (/** @type {Outcome['state']} */ state) => outcomes.filter((outcome) => outcome.state === state).length
  const site = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') }
  const failures = outcomes
    .filter(({ state }) => state === 'failed')
    .map(({ name, problems }) => ({ engine: 'site', test: name, message: problems.join('; ') }))
  const report = { engines: { site }, unhandledErrors: 0, seed: 'none', failures }
  mkdirSync('build/test-reports', { recursive: true })
  writeFileSync('build/test-reports/site.json', `${JSON.stringify(report, null, 2)}\n`)
  console.log(`${site.passed} passed, ${site.failed} failed, ${site.skipped} skipped`)
}
