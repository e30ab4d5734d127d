import { beforeEach, expect, test } from 'vitest'
import { createServer } from '../../../src/server/index.ts'
import { toHex } from '../../../src/util/bytes.ts'
import { paths } from '../../../src/wire/paths.ts'
import { encodeRoundBody } from '../../../src/wire/round-body.ts'
import { codeOf, play, type ServerClient } from '../../support/server-client.ts'
import { onConditions, requiredIn } from '../support/approvals.ts'
import { fileWorld } from '../support/file-world.ts'
import { TestJoin } from '../support/joins.ts'
import { requestsOf } from '../support/requests.ts'
import { newWallet, sign, type TestWallet } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

let world: World
let client: ServerClient
let wallet: TestWallet
fileWorld((made) => (world = made))
beforeEach(async () => {
  client = world.client([world.server(onConditions({ approval: 'operator', reason: 'large' }, 'sign'))])
  wallet = await newWallet(client)
})

const decide = (server = world.server()) => server.approvals

test("the app's backend lists, approves and denies, whatever process it calls", async () => {
  const { clientId } = client
  const approvalId = requiredIn(await sign(client, wallet.signing).post())
  expect(await decide().list({ clientId })).toMatchObject([
    { clientId, approvalId, state: 'WAITING', mayApprove: true, reason: 'large', deviceId: null },
  ])
  expect(await decide().approve({ clientId, approvalId, by: 'Ann' })).toMatchObject({
    state: 'READY',
    approvedBy: 'operator Ann',
  })
  expect(await decide().approve({ clientId, approvalId })).toMatchObject({ approvedBy: 'operator Ann' })
  await play(sign(client, wallet.signing))
  await expect(decide().deny({ clientId, approvalId })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
  const events = await world.database.query(
    `select event, detail from reshare_audit where client_id = $1 and event like 'approval%' order by sequence`,
    [clientId],
  )
  expect(events).toEqual([
    { event: 'approvalRequested', detail: `${approvalId} sign` },
    { event: 'approvalGranted', detail: `${approvalId} sign operator Ann` },
    { event: 'approvalUsed', detail: `${approvalId} sign` },
  ])
})

test('a denial by the backend is told to the client', async () => {
  const operation = sign(client, wallet.signing)
  const approvalId = requiredIn(await operation.post())
  expect(await decide().deny({ clientId: client.clientId, approvalId })).toMatchObject({ state: 'DENIED' })
  expect(codeOf(await operation.post())).toBe('POLICY_DENIED')
})

test('an approval is of its client, and of nothing that is not there', async () => {
  const approvalId = requiredIn(await sign(client, wallet.signing).post())
  for (const clientId of ['somebody else', `${client.clientId} `.trim() + 'x']) {
    await expect(decide().approve({ clientId, approvalId })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
    await expect(decide().deny({ clientId, approvalId })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  }
  await expect(decide().approve({ clientId: client.clientId, approvalId: 'zz' })).rejects.toThrow(TypeError)
  await expect(decide().list({ clientId: '' })).rejects.toThrow(RangeError)
})

test.each(['generate', 'import'] as const)(
  '%s: an approval holds for the next attempt, with another id',
  async (kind) => {
    const asking = world.client([world.server(onConditions({ approval: 'operator' }, kind))])
    const ask = async (change: { readonly walletId: string; readonly label?: string }) => {
      const header = { ...requestsOf('')[kind], ...change }
      const path = paths.round(toHex(world.random(16)), 1)
      return requiredIn(await asking.send('POST', path, encodeRoundBody({ header, messages: [] })))
    }
    const approvalId = await ask({ walletId: '01'.repeat(16) })
    expect(await ask({ walletId: '02'.repeat(16) })).toBe(approvalId)
    expect(await ask({ walletId: '02'.repeat(16), label: 'another' })).not.toBe(approvalId)
  },
)

test('an invitation of a device without an id is approved for itself', async () => {
  const inviting = world.client([world.server(onConditions({ approval: 'operator' }, 'join'))], client.clientId)
  const ask = async (operationId: string) => {
    const join = new TestJoin(inviting, inviting, wallet.signing, { operationId })
    await join.make(1)
    return requiredIn(await join.post(1))
  }
  const approvalId = await ask('01'.repeat(16))
  expect(await ask('01'.repeat(16))).toBe(approvalId)
  expect(await ask('02'.repeat(16))).not.toBe(approvalId)
})

test('only a device approves where the policy says so', async () => {
  const own = world.client([world.server(onConditions({ approval: 'device' }, 'sign'))])
  const { signing } = await newWallet(own)
  const approvalId = requiredIn(await sign(own, signing).post())
  await expect(decide().approve({ clientId: own.clientId, approvalId })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
  expect(await decide().deny({ clientId: own.clientId, approvalId })).toMatchObject({ state: 'DENIED' })
})

test.each<[string, unknown]>([
  ['an unknown approver', { approval: 'anybody' }],
  ['a delay that is no time', { delayMs: -1 }],
  ['a delay of more than a year', { delayMs: 400 * 24 * 3_600_000 }],
  ['a reason of two lines', { approval: 'any', reason: 'a\nb' }],
  ['a condition that is misspelt', { approval: 'any', delayMS: 5 }],
])('a policy with %s has failed, and allows nothing', async (_, conditions) => {
  const { signing } = wallet
  const server = world.server({ policy: (() => conditions) as never })
  const answer = await sign(world.client([server], client.clientId), signing).post()
  expect([answer.status, codeOf(answer)]).toEqual([503, 'INTERNAL'])
  world.errors.length = 0
})

test.each(['prove', 'setup', 'preprocess', 'find'])('%s waits for nothing', async (action) => {
  const { readAnswer } = await import('../../../src/server/access/conditions.ts')
  expect(() => readAnswer(action as 'prove', { delayMs: 5 })).toThrow(TypeError)
})

const MASTER = new TextEncoder().encode('a master key for nothing but test').slice(0, 32)

// The last test: its world has another master key afterwards.
test('what waits is sealed again when the master key changes', async () => {
  const approvalId = requiredIn(await sign(client, wallet.signing).post())
  const old = { id: 1, key: MASTER }
  const next = { id: 2, key: new Uint8Array(32).fill(9) }
  const rotating = createServer({
    database: world.database,
    authenticate: () => undefined,
    masterKey: { current: next, previous: [old] },
    now: world.now,
  })
  await rotating.rotate()
  const after = createServer({
    database: world.database,
    authenticate: () => undefined,
    masterKey: { current: next, previous: [] },
    now: world.now,
  })
  expect(await after.approvals.list({ clientId: client.clientId })).toMatchObject([{ approvalId, reason: 'large' }])
})
