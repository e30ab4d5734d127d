// @ts-check
// npm run bench [-- GROUP …] [--docs]: prints the tables and whether targets are met, writes bench/results.json and a
// chart a group; with --docs the tables of docs/internals/bench.md too, those of the named groups if any are. Only ratios
// within one run mean much.
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { chart } from './support/chart.mjs'
import { createContext } from './support/context.mjs'
import { writeDocs, writeSomeDocs } from './support/docs.mjs'
import { describeMachine, machine } from './support/machine.mjs'
import { judge, printVerdicts } from './support/targets.mjs'

/**
 * @typedef {object} Group
 * @property {string} [title]
 * @property {string} [caption] what the bars of its chart are
 * @property {(context: import('./support/context.mjs').Context) => any} run
 * @property {(rows: any) => string} print
 * @property {(rows: any) => import('./support/chart.mjs').Panel[]} [panels]
 */

/** In this order; each is loaded when it runs. @type {Readonly<Record<string, () => Promise<Group>>>} */
const GROUPS = {
  primitives: () => import('./groups/primitives.mjs'),
  hashing: () => import('./groups/hashing.mjs'),
  symmetric: () => import('./groups/symmetric.mjs'),
  frost: () => import('./groups/frost.mjs'),
  sharing: () => import('./groups/sharing.mjs'),
  scale: () => import('./groups/scale.mjs'),
  protocols: () => import('./groups/protocols.mjs'),
  ecdsa: () => import('./groups/ecdsa.mjs'),
  extension: () => import('./groups/extension.mjs'),
  recovery: () => import('./groups/recovery.mjs'),
  flows: () => import('./groups/flows.mjs'),
  server: () => import('./groups/server.mjs'),
  sessions: () => import('./groups/sessions.mjs'),
  channel: () => import('./groups/channel.mjs'),
  intents: () => import('./groups/intents.mjs'),
  'sign-all': () => import('./groups/sign-all.mjs'),
  latency: () => import('./groups/latency.mjs'),
  'cold-start': () => import('./groups/cold-start.mjs'),
  leakage: () => import('./groups/leakage.mjs'),
  size: () => import('./groups/size.mjs'),
}

const { values, positionals } = parseArgs({
  options: { docs: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const names = positionals.length > 0 ? positionals : Object.keys(GROUPS)
const unknown = names.find((name) => !Object.hasOwn(GROUPS, name))
if (unknown !== undefined) throw new RangeError(`no group "${unknown}", expected ${Object.keys(GROUPS).join(', ')}`)

const charts = new URL('charts/', import.meta.url)
mkdirSync(charts, { recursive: true })
const about = machine()
console.log(`${describeMachine(about)}\n`)

/** @type {Record<string, any>} */
const results = {}
const sections = []
const context = await createContext()
try {
  for (const note of context.leftOut) console.log(`left out: ${note}`)
  for (const name of names) {
    const group = await /** @type {() => Promise<Group>} */ (GROUPS[name])()
    const rows = await group.run(context)
    results[name] = rows
    const { title = name, caption = '' } = group
    const text = group.print(rows)
    const panels = group.panels?.(rows) ?? []
    if (panels.length > 0) writeFileSync(new URL(`${name}.svg`, charts), chart(title, caption, panels))
    sections.push({ name, title, text, hasChart: panels.length > 0 })
    console.log(`\n${text}`)
  }
} finally {
  context.close()
}

const verdicts = judge(results).filter(({ verdict }) => positionals.length === 0 || verdict !== 'not measured')
const text = printVerdicts(verdicts)
if (verdicts.length > 0) console.log(`\n${text}`)
writeFileSync(
  new URL('results.json', import.meta.url),
  `${JSON.stringify({ machine: about, targets: verdicts, results }, null, 2)}\n`,
)
if (values.docs && positionals.length > 0) writeSomeDocs(describeMachine(about), sections)
else if (values.docs) writeDocs({ about: describeMachine(about), sections, targets: text, leftOut: context.leftOut })
