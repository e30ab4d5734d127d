import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { BadRequest } from '../../../src/service/http.ts'
import type { ExportRequest } from '../../../src/wire/operations.ts'
import { frostShare } from '../../../src/wire/signing.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { provePossession } from '../../../src/protocol/possession/index.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { recordCustodianShare } from '../../../src/server/sets/custodian-shares.ts'
import { ecdsaShare } from '../../../src/server/sets/shares.ts'
import { partyId } from '../../../src/types.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { ClientOperation, firstFlight, play } from '../../support/server-client.ts'
import { errorOf } from '../support/error-of.ts'
import { cheat, nobleTakes } from '../support/ecdsa.ts'
import { after, storedPair, storedSet, tablesClient, type StoredSet } from '../support/played.ts'
import { secretsOf, watchScalars } from '../support/scalars.ts'
import { fileTables } from '../support/file-tables.ts'
import { type Tables } from '../support/tables.ts'
import { complete, preprocess, prove, setup, sign, signEcdsa } from '../support/wallets.ts'

let tables: Tables
fileTables((made) => (tables = made))

async function owner() {
  const { clientId, device } = tables.key()
  const set = await storedSet(tables, { clientId, device })
  const having = (changes: ServerContext) => tablesClient(changes, { clientId, device })
  return { clientId, set, having, client: having(tables.context) }
}

/** A wallet with an ECDSA setup. */
async function ecdsaOwner() {
  const owned = await owner()
  return { ...owned, wallet: { ...owned.set, pair: await storedPair(tables, owned.clientId, owned.set) } }
}

const decision = async ({ operationId }: ClientOperation) =>
  (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision']
const retire = (setId: string) => () =>
  tables.database.query(`update reshare_sets set state = 'RETIRING' where set_id = $1`, [setId])

/** Changes the messages of the next request. */
function spoil(
  operation: ClientOperation,
  change: (messages: readonly SessionMessage[]) => readonly SessionMessage[],
): void {
  const { header, messages } = decodeRoundBody(operation.body!)
  operation.body = encodeRoundBody({ header: header as object, messages: change(messages) })
}

describe('a signature', () => {
  test('with Ed25519 verifies, and its use is recorded', async () => {
    const { client, set } = await owner()
    const operation = await play(sign(client, set.signing))
    expect(operation.round).toBe(2)
    const { publicKey } = set.signing.shares.find(({ record }) => record.curve === 'ed25519')!.record
    const key = getGroup('ed25519').encodePoint(publicKey)
    expect(ed25519.verify(operation.signature!, utf8('a message'), key, { zip215: false })).toBe(true)
    expect(operation.result).toEqual({ setId: set.setId, state: 'ACTIVE' })
    expect(await decision(operation)).toBe('COMMIT')
    const row = await tables.row('select last_used_at, proven_at from reshare_sets where set_id = $1', set.setId)
    expect(row).toEqual({ last_used_at: new Date(tables.clock), proven_at: null })
  })

  test.each([
    ['m', null],
    ['m/1', ''],
  ])('with BIP 340 verifies for the key at %s with the tweak %j', async (path, tapTweak) => {
    const { client, set } = await owner()
    const named = { walletId: set.walletId, setId: set.setId, message: 'abcd' }
    const request = { kind: 'sign', ...named, scheme: 'bip340', path, tapTweak } as const
    const operation = await play(new ClientOperation(client, request, set.signing))
    expect(nobleTakes(operation, set.signing)).toBe(true)
  })

  test('leaves no share in memory, whether it is made or not', async () => {
    const { client, set } = await owner()
    const named = { walletId: set.walletId, setId: set.setId, message: 'abcd' }
    const request = { kind: 'sign', ...named, scheme: 'bip340', path: 'm', tapTweak: '' } as const
    const operation = new ClientOperation(client, request, set.signing)
    const share = frostShare(getGroup('secp256k1'), ecdsaShare(set.half), request)
    const secrets = [...secretsOf(set.half), share.secretShare]
    const { seen, left } = (await watchScalars(() => operation.post())).count(secrets)
    expect([seen >= 3, left]).toEqual([true, 0])

    const other = sign(client, set.signing)
    spoil(other, (messages) => [...messages, { sessionIndex: 1, envelope: new Uint8Array() }])
    const watched = await watchScalars(() => expect(other.post()).rejects.toThrow(BadRequest))
    expect(watched.count()).toMatchObject({ left: 0 })
  })

  test('is not followed by a proof of its set if that is retired meanwhile', async () => {
    const { having, client, set } = await owner()
    const operation = prove(client, set.signing)
    operation.take(await operation.post())
    const context = after(tables.context, 'left join reshare_decisions', retire(set.setId))
    await expect(operation.post(having(context))).rejects.toThrow(errorOf('SET_RETIRED'))
    expect(await decision(operation)).toBe('ABORT')
  })

  test('is not made if its set is retired meanwhile', async () => {
    const { having, client, set } = await owner()
    const operation = sign(client, set.signing)
    const context = after(tables.context, 'left join reshare_decisions', retire(set.setId))
    await expect(operation.post(having(context))).rejects.toThrow(errorOf('SET_RETIRED'))
    expect(await decision(operation)).toBe('ABORT')
  })

  test('with ECDSA is made in the transaction that stores its answer', async () => {
    const { client, wallet } = await ecdsaOwner()
    const operation = await play(signEcdsa(client, wallet))
    expect(operation.round).toBe(3)
    expect(nobleTakes(operation, wallet.signing)).toBe(true)
    expect(operation.result).toEqual({ setId: wallet.setId, state: 'ACTIVE' })
  })

  test('with ECDSA by a cheat ends all that goes on with the set, and is told of once', async () => {
    const { clientId, client, wallet } = await ecdsaOwner()
    const [operation, other] = [signEcdsa(client, wallet), signEcdsa(client, wallet)]
    await other.post()
    operation.take(await operation.post())
    cheat(operation)
    await expect(operation.post()).rejects.toMatchObject({ ban: true, blame: [1] })
    expect(tables.context.caught.size).toBe(0)
    expect(await Promise.all([operation, other].map(decision))).toEqual(['ABORT', 'ABORT'])
    expect(await tables.log(clientId)).toEqual([`poisoned ${wallet.walletId} ${wallet.setId} 1`])
    for (const late of [signEcdsa, setup])
      await expect(late(client, wallet).post()).rejects.toThrow(errorOf('OT_POISONED'))
  })
})

describe('what prepares ECDSA signatures', () => {
  test('is a setup, in the place of the one before', async () => {
    const { client, wallet } = await ecdsaOwner()
    const operation = await play(setup(client, wallet))
    expect(operation.round).toBe(3)
    expect(operation.result).toEqual({ setId: wallet.setId, state: 'ACTIVE' })
    expect(await decision(operation)).toBe('COMMIT')
    const renewed = { ...wallet, pair: operation.pair! }
    expect(nobleTakes(await play(signEcdsa(client, renewed)), wallet.signing)).toBe(true)
  })

  test('is a preprocessing, which signs once', async () => {
    const { client, wallet } = await ecdsaOwner()
    const made = await play(preprocess(client, wallet))
    expect(made.result).toEqual({ setId: wallet.setId, state: 'ACTIVE' })
    expect(await decision(made)).toBe('COMMIT')
    const signature = () => complete(client, wallet, made.preprocessing!)
    expect(nobleTakes(await play(signature()), wallet.signing)).toBe(true)
    await expect(signature().post()).rejects.toThrow(errorOf('PREPROCESSING_NOT_FOUND'))
  })
})

test('an export takes no proof that is for something else', async () => {
  const { having, client, set } = await owner()
  const request: ExportRequest = {
    kind: 'export',
    walletId: set.walletId,
    setId: set.setId,
    curve: 'ed25519',
    authorization: '123456',
    receiver: `09${'0'.repeat(62)}`,
  }
  const context: ServerContext = { ...tables.context, authorizeExport: () => Promise.resolve(true) }
  const operation = new ClientOperation(client, request, set.signing)
  const answer = await operation.post(having(context))
  const [challenge, ...others] = decodeRoundBody(answer.body).messages
  expect(others).toEqual([])
  operation.take(answer)
  const envelope = provePossession({
    group: getGroup(request.curve),
    share: set.signing.shares.find(({ record }) => record.curve === request.curve)!,
    verifier: partyId(2),
    nonce: challenge!.envelope,
    random: client.random,
  })
  spoil(operation, () => [{ sessionIndex: 0, envelope }])
  await expect(operation.post(having(context))).rejects.toMatchObject({ reason: 'POP', blame: [1] })
})

describe('a proof of possession', () => {
  /** A proof whose next request is its second. */
  async function challenged(set: StoredSet, client: Awaited<ReturnType<typeof owner>>['client']) {
    const operation = prove(client, set.signing)
    operation.take(await operation.post())
    return operation
  }

  test('begins without messages', async () => {
    const { client, set } = await owner()
    const operation = prove(client, set.signing)
    const messages = [{ sessionIndex: 0, envelope: new Uint8Array(32) }]
    const { operationId, request } = operation
    operation.body = firstFlight(operationId, request, messages, set.signing.shares[0]!, tables.context.random)
    await expect(operation.post()).rejects.toThrow(BadRequest)
  })

  test('answers a challenge of its own for each curve', async () => {
    const { client, set } = await owner()
    const operation = prove(client, set.signing)
    const answer = await operation.post()
    const { messages } = decodeRoundBody(answer.body)
    expect(messages.map(({ sessionIndex, envelope }) => [sessionIndex, envelope.length])).toEqual([
      [0, 32],
      [1, 32],
    ])
    expect(messages[0]!.envelope).not.toEqual(messages[1]!.envelope)
    operation.take(answer)
    await play(operation)
    const row = await tables.row('select proven_at from reshare_sets where set_id = $1', set.setId)
    expect(row).toEqual({ proven_at: new Date(tables.clock) })
  })

  test.each<[string, (messages: readonly SessionMessage[]) => readonly SessionMessage[]]>([
    ['one too few', (messages) => messages.slice(0, 1)],
    ['one too many', (messages) => [...messages, { ...messages[1]!, sessionIndex: 2 }]],
    ['two for one curve', (messages) => messages.map((message) => ({ ...message, sessionIndex: 0 }))],
    ['another order', (messages) => messages.toReversed()],
  ])('has one message a curve, in order: not %s', async (_, change) => {
    const { client, set } = await owner()
    const operation = await challenged(set, client)
    const right = operation.body!
    spoil(operation, change)
    await expect(operation.post()).rejects.toThrow(BadRequest)
    operation.body = right
    await play(operation)
  })

  test.each([0, 1])('is one for each curve: a wrong one in place %i proves nothing', async (wrong) => {
    const { client, set } = await owner()
    const operation = await challenged(set, client)
    spoil(operation, (messages) => {
      const stranger = messages[wrong]!.envelope.slice()
      stranger[stranger.length - 9]! ^= 1
      return messages.map((message, i) => (i === wrong ? { ...message, envelope: stranger } : message))
    })
    await expect(operation.post()).rejects.toMatchObject({ reason: 'POP', blame: [1] })
    expect(await tables.row('select proven_at from reshare_sets where set_id = $1', set.setId)).toEqual({
      proven_at: null,
    })
  })

  test('destroys what the set replaces, and asks for the shares of lost backups', async () => {
    const { clientId, client, set } = await owner()
    const key = tables.key({ clientId })
    const [old, lost] = [
      await tables.set(key, { walletId: set.walletId }, { state: 'ACTIVE' }),
      await tables.set(key, { walletId: set.walletId, purpose: 'backup' }, { committed_at: new Date(tables.clock) }),
    ]
    await tables.database.query('update reshare_sets set source_set_id = $2 where set_id = $1', [lost, old])
    await recordCustodianShare(tables.database, key, lost)
    await tables.database.query(
      'insert into reshare_retirements (set_id, old_set_id, with_backups) values ($1, $2, true)',
      [set.setId, old],
    )
    const operation = await play(prove(client, set.signing))
    expect(operation.result).toEqual({ setId: set.setId, state: 'ACTIVE', retired: [old] })
    expect(await Promise.all([old, lost].map(tables.state))).toEqual(['DESTROYED', 'DESTROYED'])
    expect(await tables.hasShare(old)).toBe(false)
    expect(tables.removed).toContain(lost)
  })
})
