import { describe, expect, test } from 'vitest'
import * as policies from '../../src/policy/index.ts'
import type { Rule } from '../../src/policy/index.ts'
import type { PolicyIntent } from '../../src/policy/types.ts'
import { MINT, SAMPLES, TOKENS, YOU, type Sample } from '../policy/rules/samples.ts'
import { FRIEND, request, TOKEN } from '../policy/rules/support.ts'
import { readPage } from './blocks.ts'

const { all, any, approvalAbove, batches, chains, contracts, delay, delegates, deny, domains, kinds, maximum } =
  policies
const { maximumPerPeriod, programs, recipients, requireApproval, scopes } = policies

const KINDS = Object.keys(SAMPLES) as PolicyIntent['kind'][]
const AMOUNTS = {
  ...{ 'ethereum:1': 21_000n, [`ethereum:1:${TOKEN}`]: 10n, bitcoin: 50n },
  ...{ solana: 5_000n, [`solana:${MINT}`]: 10n },
}
const DELEGATES = { delegates: [FRIEND] }

/** Each rule that looks into what is signed, so that it allows as much of the samples as it can. */
const LOOKING: Readonly<Record<string, Rule>> = {
  chains: chains(1),
  recipients: recipients([FRIEND, 'bc1friend', YOU]),
  maximum: maximum(AMOUNTS),
  maximumPerPeriod: maximumPerPeriod(AMOUNTS, { periodMs: 1 }),
  approvalAbove: approvalAbove(AMOUNTS),
  contracts: contracts([TOKEN]),
  delegates: delegates([FRIEND]),
  domains: domains([{ chainId: 1, verifyingContract: TOKEN, primaryTypes: ['Permit'] }]),
  programs: programs([TOKENS]),
}

/** The rules that say what others say, of one that is given. */
const WRAPPING: Readonly<Record<string, (rule: Rule) => Rule>> = {
  all: (rule) => all(rule),
  any: (rule) => any(rule),
  scopes: (rule) => scopes({ payroll: deny() }, { unscoped: rule }),
  requireApproval: (rule) => requireApproval(rule),
  delay: (rule) => delay(rule, { delayMs: 1 }),
  batches: (rule) => batches(rule, DELEGATES),
}

/** The rows of the table under a heading: cells by the names of the columns. */
function tableUnder(heading: string): Record<string, string>[] {
  const page = readPage('docs/policies.md')
  const section = page.slice(page.indexOf(`${heading}\n`))
  const [head, , ...rows] = /(?:^\|.*\n)+/m.exec(section)![0].trim().split('\n').map(cellsOf) as [
    string[],
    ...string[][],
  ]
  return rows.map((cells) => Object.fromEntries(cells.map((cell, i) => [head[i], cell])))
}

const cellsOf = (line: string) =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim())
const namesIn = (text: string): string[] => [...text.matchAll(/`(\w+)/g)].map(([, name]) => name!)
const atOnce = (rule: Rule, intent: PolicyIntent): boolean => {
  const { allowed, approval, delayMs } = rule.judge(request(intent))
  return allowed && approval === undefined && delayMs === undefined
}

/** What a rule looks at in an intent: what it denies, or lets wait, if that is changed; a dash if it denies the intent. */
function seen(rule: Rule, { intent, changes }: Sample): string {
  if (!atOnce(rule, intent)) return '–'
  const names = Object.entries(changes).filter(([, changed]) => !atOnce(rule, changed))
  return names.map(([name]) => name).join(', ')
}

describe('docs/policies.md', () => {
  const rows = tableUnder('### What a rule sees')
  const columns = Object.keys(rows[0]!).slice(1)

  test('has a row for each kind, and every rule in its tables', () => {
    expect(rows.map((row) => namesIn(row['kind']!)[0])).toEqual(KINDS)
    expect(columns.flatMap(namesIn)).toEqual(Object.keys(LOOKING))
    const listed = tableUnder('## Rules').flatMap(({ rule }) => namesIn(rule!.replaceAll(/\([^)]*\)/g, '')))
    const exported = Object.keys(policies).filter((name) => name !== 'createPolicy')
    expect([...listed].sort()).toEqual([...exported].sort())
    const tried = ['kinds', 'deny', ...Object.keys(LOOKING), ...Object.keys(WRAPPING)]
    expect(tried.sort()).toEqual(exported.sort())
  })

  test.each(KINDS)('says of %s what each rule sees', (kind) => {
    const row = rows.find((one) => one['kind'] === `\`${kind}\``)!
    const said = columns.flatMap((column) => namesIn(column).map((name) => [name, row[column]]))
    const found = Object.entries(LOOKING).map(([name, rule]) => [name, seen(rule, SAMPLES[kind])])
    expect(said).toEqual(found)
  })

  test.each(KINDS)('is right that kinds, deny and those that ask other rules see nothing else of %s', (kind) => {
    const sample = SAMPLES[kind]
    const others = KINDS.filter((other) => other !== kind) as [PolicyIntent['kind']]
    expect([seen(kinds(kind), sample), seen(kinds(...others), sample), seen(deny(), sample)]).toEqual(['', '–', '–'])
    for (const [name, wrap] of Object.entries(WRAPPING)) {
      for (const [inner, rule] of Object.entries(LOOKING)) {
        const allowed = (one: Rule) => one.judge(request(sample.intent)).allowed
        expect([name, inner, allowed(wrap(rule))]).toEqual([name, inner, allowed(rule)])
      }
    }
  })
})
