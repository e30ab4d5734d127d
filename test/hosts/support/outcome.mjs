// @ts-check
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { NotHere } from './not-here.mjs'

/**
 * How a cell ended.
 *
 * @typedef {object} Outcome
 * @property {string} name
 * @property {string} what
 * @property {import('./context.mjs').Cell['group']} group
 * @property {string} version
 * @property {'ok' | 'failed' | 'skipped'} state
 * @property {string} said what ran, or why not
 * @property {number} seconds
 */

/** Runs a cell. @param {import('./context.mjs').Cell} cell @param {import('./context.mjs').Context} context @returns {Promise<Outcome>} */
export async function outcomeOf(cell, context) {
  const started = Date.now()
  const { name, what, group } = cell
  let version = ''
  /** @param {Outcome['state']} state @param {string} said @returns {Outcome} */
  const ended = (state, said) => ({ name, what, group, version, state, said, seconds: (Date.now() - started) / 1000 })
  try {
    version = await cell.version(context)
    return ended('ok', await cell.run(context))
  } catch (error) {
    if (error instanceof NotHere && process.env['CI'] !== 'true') return ended('skipped', error.message)
    return ended('failed', error instanceof Error ? error.message : `${error}`)
  }
}

/** Adds outcomes to build/hosts.json, in the place of earlier ones. @param {readonly Outcome[]} outcomes @returns {Outcome[]} all of them */
export function keepOutcomes(outcomes) {
  const path = 'build/hosts.json'
  let earlier = /** @type {Outcome[]} */ ([])
  try {
    earlier = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    // The first run.
  }
  const others = earlier.filter(({ name }) => outcomes.every((outcome) => outcome.name !== name))
  const all = [...others, ...outcomes].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
  mkdirSync('build', { recursive: true })
  writeFileSync(path, `${JSON.stringify(all, null, 2)}\n`)
  return all
}

/** What scripts/test-summary.mjs counts. @param {readonly Outcome[]} outcomes */
export function writeReport(outcomes) {
  const count = (/** @type {Outcome['state']} */ state) => outcomes.filter((outcome) => outcome.state === state).length
  const failures = outcomes
    .filter(({ state }) => state === 'failed')
    .map(({ name, said }) => ({ engine: 'hosts', test: `npm run test:hosts -- ${name}`, message: said }))
  const hosts = { passed: count('ok'), failed: count('failed'), skipped: count('skipped') }
  mkdirSync('build/test-reports', { recursive: true })
  const report = { engines: { hosts }, unhandledErrors: 0, seed: 'none', failures }
  writeFileSync('build/test-reports/hosts.json', `${JSON.stringify(report, null, 2)}\n`)
}
