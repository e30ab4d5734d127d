// @ts-check
// The table of docs/runtimes.md, as the last run of every cell wrote it.
import { readFileSync, writeFileSync } from 'node:fs'

const PAGE = 'docs/runtimes.md'
const START = '<!-- npm run test:hosts -- --docs: start -->'
const END = '<!-- end -->'

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

/** @type {Readonly<Record<import('./context.mjs').Cell['group'], string>>} */
const GROUPS = {
  runtimes: 'Client in a runtime',
  browsers: 'Client in a browser',
  servers: 'Server, with a client in Node',
  events: 'Server whose events go to a receiver in the same runtime',
  bundlers: 'Bundler',
  frameworks: 'Framework, test runner or package manager',
  examples: 'Example',
}

/** Writes the table. @param {readonly Outcome[]} outcomes of every cell */
export function writeTable(outcomes) {
  const page = readFileSync(PAGE, 'utf8')
  const [from, to] = [page.indexOf(START), page.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`${PAGE} has no table`)
  writeFileSync(PAGE, `${page.slice(0, from + START.length)}\n${tableOf(outcomes)}\n${page.slice(to)}`)
}

/** @param {readonly Outcome[]} outcomes */
function tableOf(outcomes) {
  const groups = /** @type {(keyof typeof GROUPS)[]} */ (Object.keys(GROUPS))
  const rows = groups.flatMap((group) => {
    const own = outcomes.filter((outcome) => outcome.group === group)
    return own.length === 0 ? [] : [[`**${GROUPS[group]}**`, '', ''], ...own.map(rowOf)]
  })
  return [['where', 'version', 'what ran'], ['---', '---', '---'], ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

/** @param {Outcome} outcome */
function rowOf({ what, version, said, state }) {
  return [what, version, state === 'ok' ? said : `**${state}**: ${said.split('\n')[0]}`].map((text) =>
    text.replaceAll('|', '\\|'),
  )
}
