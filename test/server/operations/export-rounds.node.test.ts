import { expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { BadRequest } from '../../../src/service/http.ts'
import type { ExportRequest } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import { ProtocolError } from '../../../src/errors.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import type { PolicyRequest } from '../../../src/server/access/policy.ts'
import { CURVES, type Curve } from '../../../src/types.ts'
import { exportSide } from '../../support/export-side.ts'
import { firstFlight, unwrap } from '../../support/server-client.ts'
import { errorOf } from '../support/error-of.ts'
import { after, storedSet, tablesClient, type StoredSet } from '../support/played.ts'
import { secretsOf, watchScalars } from '../support/scalars.ts'
import { fileTables } from '../support/file-tables.ts'
import { START, type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const exportedAt = async (setId: string) =>
  (await tables.row('select exported_at from reshare_sets where set_id = $1', setId))?.['exported_at']
const decision = async (operationId: string) =>
  (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision']

async function owner() {
  const { clientId, device } = tables.key()
  return { clientId, device, set: await storedSet(tables, { clientId, device }) }
}

/** One export of a set, whose rounds are sent as the test says. */
function exporting({ clientId, device, set }: Awaited<ReturnType<typeof owner>>, curve: Curve = 'ed25519') {
  const { context } = tables
  const { walletId, setId } = set
  const { operationId, receiver, prove, receive } = exportSide(set.signing, curve, context.random)
  const request: ExportRequest = { kind: 'export', walletId, setId, curve, authorization: '123456', receiver }
  const prover = set.signing.shares[0]!
  const opening = firstFlight(operationId, request, [], prover, context.random)
  const first = (messages: readonly SessionMessage[]) =>
    messages.length === 0 ? opening : firstFlight(operationId, request, messages, prover, context.random)
  const send = async (round: number, messages: readonly SessionMessage[], changes: Partial<ServerContext> = {}) => {
    const having = { ...context, authorizeExport: () => true, ...changes }
    const body = round === 1 ? first(messages) : encodeRoundBody({ header: {}, messages })
    const answer = await tablesClient(having, { clientId, device }).send('POST', paths.round(operationId, round), body)
    return decodeRoundBody(unwrap(answer))
  }
  return {
    operationId,
    send,
    receive,
    async challenge(changes?: Partial<ServerContext>) {
      const { messages } = await send(1, [], changes)
      expect(messages.map(({ sessionIndex, envelope }) => [sessionIndex, envelope.length])).toEqual([[0, 32]])
      return messages[0]!.envelope
    },
    proof: (challenge: Uint8Array): SessionMessage => ({ sessionIndex: 0, envelope: prove(challenge) }),
  }
}

const secretOf = ({ half }: StoredSet, curve: Curve) =>
  half.shares.find(({ record }) => record.curve === curve)!.secretShare

test.each(CURVES)('the share on %s comes for a proof, sealed to the client’s key, and is told of', async (curve) => {
  const owned = await owner()
  const { clientId, set } = owned
  const one = exporting(owned, curve)
  const proof = one.proof(await one.challenge())
  tables.clock = START + 7
  const { header, messages } = await one.send(2, [proof])
  expect(header).toEqual({ setId: set.setId, state: 'ACTIVE' })
  expect(messages.map(({ sessionIndex }) => sessionIndex)).toEqual([0])
  expect(one.receive(messages[0]!.envelope)).toEqual({ id: 2, value: secretOf(set, curve) })
  expect(await exportedAt(set.setId)).toEqual(new Date(START + 7))
  expect(await decision(one.operationId)).toBe('COMMIT')
  const told = `exported ${set.walletId} ${set.setId} ${one.operationId} ${curve}`
  expect(await tables.log(clientId)).toEqual([told])

  tables.clock = START + 8
  const again = exporting(owned, curve)
  await again.send(2, [again.proof(await again.challenge())])
  expect(await exportedAt(set.setId)).toEqual(new Date(START + 7))
  expect((await tables.log(clientId)).length).toBe(2)
})

test('no share stays in memory, whether or not it was released', async () => {
  const owned = await owner()
  const one = exporting(owned)
  const proof = one.proof(await one.challenge())
  const released = await watchScalars(() => one.send(2, [proof]))
  expect(released.count(secretsOf(owned.set.half))).toEqual({ seen: 4, left: 0 })
  const other = exporting(owned)
  const wrong = other.proof(new Uint8Array(32))
  await other.challenge()
  const refused = await watchScalars(() =>
    expect(other.send(2, [wrong])).rejects.toMatchObject({ reason: 'POP', blame: [1] }),
  )
  expect(refused.count(secretsOf(owned.set.half))).toEqual({ seen: 4, left: 0 })
})

test('the first round carries nothing and the second one proof: all else is refused, and plays nothing', async () => {
  const owned = await owner()
  const one = exporting(owned)
  await expect(one.send(1, [{ sessionIndex: 0, envelope: new Uint8Array(32) }])).rejects.toThrow(BadRequest)
  const proof = one.proof(await one.challenge())
  for (const messages of [
    [],
    [{ ...proof, sessionIndex: 1 }],
    [proof, { ...proof, sessionIndex: 1 }],
    [proof, proof],
  ]) {
    await expect(one.send(2, messages)).rejects.toThrow(BadRequest)
  }
  await one.send(2, [proof])
})

/** A hook that answers in turn, and how often it was asked. */
function hook(...answers: unknown[]) {
  let asked = 0
  const authorizeExport = (async () => answers[asked++]) as ServerContext['authorizeExport']
  return { authorizeExport, asked: () => asked }
}

const failures = async (clientId: string) =>
  (
    await tables.row(
      `select count from reshare_rates where client_id = $1 and kind = 'failure' and subject <> ''`,
      clientId,
    )
  )?.['count']

test('what the hook has denied is over: sent again it is not judged again, and counts once', async () => {
  const owned = { ...(await owner()), device: 'ab'.repeat(32) }
  await tables.database.query('update reshare_sets set device = $2 where set_id = $1', [owned.set.setId, owned.device])
  const { authorizeExport, asked } = hook('yes', true)
  const one = exporting(owned)
  await expect(one.send(1, [], { authorizeExport })).rejects.toThrow(errorOf('POLICY_DENIED'))
  await expect(one.send(1, [], { authorizeExport })).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
  expect(asked()).toBe(1)
  expect(await failures(owned.clientId)).toBe(1)
  const kept = 'select decision, device, decided_at from reshare_decisions where operation_id = $1'
  expect(await tables.row(kept, one.operationId)).toEqual({
    decision: 'ABORT',
    device: owned.device,
    decided_at: new Date(tables.clock),
  })
  await exporting(owned).challenge({ authorizeExport })
})

test('so is what it fails at; nothing is decided by what counts for nothing', async () => {
  const down = () => Promise.reject(new Error('down'))
  const owned = await owner()
  const failing = exporting(owned)
  await expect(failing.send(1, [], { authorizeExport: down })).rejects.toThrow(errorOf('POLICY_DENIED'))
  expect(tables.errors.splice(0)).toHaveLength(1)
  await expect(failing.challenge()).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
  expect(await failures(owned.clientId)).toBe(1)
  const { authorizeExport, asked } = hook(false, true)
  const { limits } = tables.context
  const unbounded = { authorizeExport, limits: { ...limits, lockOut: null, rates: { ...limits.rates, export: null } } }
  const one = exporting(await owner())
  await expect(one.send(1, [], unbounded)).rejects.toThrow(errorOf('POLICY_DENIED'))
  await one.challenge(unbounded)
  expect(asked()).toBe(2)
})

test('a policy that fails before the share is released leaves the proof to be sent again', async () => {
  const one = exporting(await owner())
  const proof = one.proof(await one.challenge())
  const policy = () => {
    throw new ProtocolError('POP', 2, [1], 'from the policy')
  }
  await expect(one.send(2, [proof], { policy })).rejects.toThrow('the hook policy has failed')
  await one.send(2, [proof])
})

test('an export that has begun is not judged again, and a code that is good for once goes on after a failure', async () => {
  const owned = await owner()
  const { authorizeExport, asked } = hook(true)
  const one = exporting(owned)
  const random = () => {
    throw new Error('no randomness')
  }
  await expect(one.send(1, [], { authorizeExport, random })).rejects.toThrow('no randomness')
  await one.challenge({ authorizeExport })
  expect(asked()).toBe(1)
  expect(await failures(owned.clientId)).toBe(0)
})

test('a denial does not end an export that the same request has begun meanwhile', async () => {
  const one = exporting(await owner())
  const authorizeExport = async () => {
    await one.challenge()
    return false
  }
  await expect(one.send(1, [], { authorizeExport })).rejects.toThrow(errorOf('POLICY_DENIED'))
  expect(await decision(one.operationId)).toBeUndefined()
  await one.send(2, [one.proof(await one.challenge())])
})

test('the hook is not asked for an operation that another request has begun', async () => {
  const owned = await owner()
  const { clientId, device } = owned
  const one = exporting(owned)
  await tables.begin({ clientId, device, operationId: one.operationId })
  const { authorizeExport, asked } = hook(true)
  await expect(one.send(1, [], { authorizeExport })).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
  expect(asked()).toBe(0)
})

test('each export has a challenge of its own', async () => {
  const owned = await owner()
  expect(await exporting(owned).challenge()).not.toEqual(await exporting(owned).challenge())
})

test('the policy is asked once more before the share leaves', async () => {
  const owned = await owner()
  const { clientId, set } = owned
  const asked: PolicyRequest[] = []
  const policy = (request: PolicyRequest) => (asked.push(request), asked.length === 1)
  const one = exporting(owned)
  const proof = one.proof(await one.challenge({ policy }))
  await expect(one.send(2, [proof], { policy })).rejects.toThrow(errorOf('POLICY_DENIED'))
  const request = { clientId, action: 'export', walletId: set.walletId, setId: set.setId, curve: 'ed25519' }
  expect(asked).toEqual([request, request])
  expect(await exportedAt(set.setId)).toBeNull()
})

test('no share leaves of a set that is retired before, or meanwhile', async () => {
  for (const meanwhile of [false, true]) {
    const owned = await owner()
    const { setId } = owned.set
    const one = exporting(owned)
    const proof = one.proof(await one.challenge())
    const retire = () => tables.database.query(`update reshare_sets set state = 'RETIRING' where set_id = $1`, [setId])
    if (!meanwhile) await retire()
    const context = after(tables.context, 'join reshare_shares', retire)
    await expect(one.send(2, [proof], meanwhile ? context : {})).rejects.toThrow(errorOf('SET_RETIRED'))
    expect(await exportedAt(setId)).toBeNull()
    expect(await decision(one.operationId)).toBe('ABORT')
    expect(await tables.log(owned.clientId)).toEqual([])
  }
})
