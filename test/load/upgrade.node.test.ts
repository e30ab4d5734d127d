import { expect, test } from 'vitest'
import { judgeUpgrade } from '../../load/upgrade/report.mjs'

type Result = Parameters<typeof judgeUpgrade>[0]

const stage = { stage: 'both', tables: '2', signatures: 3, other: 1, p50: 1, p99: 1, errors: {}, reports: {} }
const ledger = { ...{ decisions: 3, preprocessings: 0, unsure: 0 }, lost: [], changed: [], twice: [], returned: [] }
const held = {
  ...{ stages: [stage], ledger: { ...ledger, unseen: [] }, auditBreaks: 0 },
  ...{ losses: [], broken: [], internal: {}, exits: 0 },
} as unknown as Result

test('a run in which nothing was lost has held', () => {
  expect(judgeUpgrade(held)).toEqual([])
})

test.each<readonly [string, object]>([
  ['decisions acknowledged and lost: 1', { ledger: { ...held.ledger, lost: ['decision a'] } }],
  ['acknowledged twice: 1', { ledger: { ...held.ledger, twice: ['decision a'] } }],
  ['breaks in the audit log: 2', { auditBreaks: 2 }],
  ['wallets lost: 1', { losses: ['one'] }],
  ['an invariant: 1', { broken: ['an invariant: 1'] }],
  ['processes that ended by themselves: 1', { exits: 1 }],
  ['answers without a code: 1 × oops', { internal: { oops: 1 } }],
  ['both: nothing was signed', { stages: [{ ...stage, signatures: 0 }] }],
  ['both: 1 × undocumented: TypeError', { stages: [{ ...stage, errors: { 'undocumented: TypeError': 1 } }] }],
])('a run has failed by: %s', (reason, change) => {
  expect(judgeUpgrade({ ...held, ...change })).toEqual([reason])
})

test('errors with a code of the package are the clients’ to repeat', () => {
  expect(judgeUpgrade({ ...held, stages: [{ ...stage, errors: { NETWORK_ERROR: 1 } }] })).toEqual([])
})
