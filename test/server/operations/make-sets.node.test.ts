import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { decodeEnvelope } from '../../../src/protocol/session/envelope.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { abortOperation } from '../../../src/server/rounds/decisions.ts'
import { readShare } from '../support/read-share.ts'
import { encodeWalletShares } from '../../../src/key-share/index.ts'
import { play, type ClientOperation } from '../../support/server-client.ts'
import { walletPair } from '../../support/wallet-pair.ts'
import { errorOf } from '../support/error-of.ts'
import { nobleTakes } from '../support/ecdsa.ts'
import { fileOwners, playTo, publicKeysOf, type Owners } from '../support/owners.ts'
import { secretsOf, watchScalars } from '../support/scalars.ts'
import { backup, generate, recover, refresh, setIdOf, signEcdsa, walletOf } from '../support/wallets.ts'
import type { TestCustodian } from '../support/world.ts'

let owners: Owners
fileOwners((made) => (owners = made))

const DEVICE = 'ab'.repeat(32)

describe('a new wallet', () => {
  test('has one set, of the device that has made it, which signs', async () => {
    const one = owners.newOwner(DEVICE)
    const operation = await play(generate(one.client))
    const { walletId } = operation.request
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.round).toBe(3)
    expect(operation.result).toEqual({ setId, state: 'ACTIVE' })
    expect(await owners.setsOf(operation)).toEqual([
      {
        set_id: setId,
        wallet_id: walletId,
        purpose: 'signing',
        state: 'ACTIVE',
        label: 'phone',
        backup_method: null,
        source_set_id: null,
        device: DEVICE,
      },
    ])
    const named = `${walletId} ${setId} ${operation.operationId} generate`
    expect(await owners.tables.log(one.clientId)).toEqual([
      `deviceAdded ${DEVICE}`,
      `prepared ${named}`,
      `activated ${named}`,
    ])
    const wallet = walletOf(operation)
    expect(nobleTakes(await play(signEcdsa(one.client, wallet)), wallet.signing)).toBe(true)
    expect(owners.custodianShares(one)).toEqual([])
  })

  test('is answered with the messages of three sessions, and nothing of the server’s share is left in memory', async () => {
    const { client, clientId } = owners.newOwner()
    const operation = generate(client)
    const watched = []
    const specs = []
    while (operation.body !== undefined) {
      const posted = await watchScalars(() => operation.post())
      watched.push(posted)
      specs.push([...new Set(decodeRoundBody(posted.result.body).messages.map(({ sessionIndex }) => sessionIndex))])
      operation.take(posted.result)
    }
    expect(specs).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ])
    const half = await readShare(owners.context, owners.tables.database, clientId, operation.result!.setId)
    const counts = watched.map((one) => one.count(secretsOf(half)))
    expect(counts.map(({ left }) => left)).toEqual([0, 0])
    expect(counts[1]!.seen).toBeGreaterThan(0)
  })
})

describe('a recovery', () => {
  test('makes a signing set from the custodian’s share, and a backup beside it', async () => {
    const one = await owners.backupOwner()
    const operation = await play(recover(one.client, one.set.signing, { rotateBackup: 'PASSKEY' }))
    const [signing, rotated] = operation.prepared.map(setIdOf) as [string, string]
    expect(operation.result).toEqual({ setId: signing, state: 'ACTIVE', backupSetId: rotated })
    const common = { wallet_id: one.set.walletId, source_set_id: one.set.setId, device: null }
    expect(await owners.setsOf(operation)).toEqual([
      { ...common, set_id: signing, purpose: 'signing', state: 'ACTIVE', label: 'laptop', backup_method: null },
      { ...common, set_id: rotated, purpose: 'backup', state: 'PREPARED', label: '', backup_method: 'PASSKEY' },
    ])
    expect(await Promise.all([signing, rotated].map(owners.tables.hasShare))).toEqual([true, false])
    expect(operation.prepared.map(publicKeysOf)).toEqual([publicKeysOf(one.set.signing), publicKeysOf(one.set.signing)])
    expect(owners.custodianShares(one)).toHaveLength(2)
    const wallet = walletOf(operation)
    expect(nobleTakes(await play(signEcdsa(one.client, wallet)), wallet.signing)).toBe(true)
  })

  test('that is aborted on its way has the custodian remove the new share alone', async () => {
    const one = await owners.backupOwner()
    const operation = await playTo(recover(one.client, one.set.signing, { rotateBackup: 'PASSKEY' }), 1)
    const removed: string[] = []
    const late = {
      ...owners.custodian,
      store: async (half: Parameters<TestCustodian['store']>[0]) => {
        await abortOperation(owners.tables.context, { clientId: one.clientId, operationId: operation.operationId })
        await owners.custodian.store(half)
      },
      delete: async (clientId: string, setId: string) => {
        removed.push(setId)
        await owners.custodian.delete!(clientId, setId)
      },
    }
    await expect(operation.post(one.having({ custodian: late }))).rejects.toThrow(errorOf('PROTOCOL_ABORTED'))
    expect(removed).toHaveLength(1)
    expect(owners.custodianShares(one)).toEqual([encodeWalletShares(getGroup, one.set.half)])
  })

  test('whose late share cannot be removed says so, and why it has failed', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(backup(one.client, one.set), 1)
    const failure = new Error('the database is down')
    const query: ServerContext['database']['query'] = (sql, parameters) =>
      sql.includes('select decision') ? Promise.reject(failure) : owners.tables.database.query(sql, parameters)
    const { database } = owners.before(2, () =>
      abortOperation(owners.context, { clientId: one.clientId, operationId: operation.operationId }),
    )
    await expect(operation.post(one.having({ database: { ...database, query } }))).rejects.toThrow(
      errorOf('PROTOCOL_ABORTED'),
    )
    expect(owners.tables.errors.splice(0)).toEqual([failure])
  })

  test('that is a dry run prepares nothing', async () => {
    const one = await owners.backupOwner()
    const operation = await play(recover(one.client, one.set.signing, { rotateBackup: 'PASSWORD', dryRun: true }))
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.result).toMatchObject({ setId, state: 'PREPARED' })
    expect(await owners.setsOf(operation)).toEqual([])
    expect(await owners.tables.hasShare(setId)).toBe(false)
    expect(owners.custodianShares(one)).toHaveLength(1)
    expect(await owners.decisionOf(operation)).toBe('ABORT')
  })
})

describe('a refresh', () => {
  test('deals from its own set', async () => {
    const one = await owners.walletOwner()
    const operation = await play(refresh(one.client, one.set))
    const setId = setIdOf(operation.prepared[0]!)
    expect(operation.result).toEqual({ setId, state: 'ACTIVE' })
    expect(await owners.setsOf(operation)).toMatchObject([
      { set_id: setId, purpose: 'signing', label: 'phone', source_set_id: one.set.setId },
    ])
    expect(publicKeysOf(operation.prepared[0]!)).toEqual(publicKeysOf(one.set.signing))
    const wallet = walletOf(operation)
    expect(nobleTakes(await play(signEcdsa(one.client, wallet)), wallet.signing)).toBe(true)
  })

  test('whose setup ends before its set is there ends the operation, and leaves no share in memory', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(refresh(one.client, one.set), 1)
    withhold(operation)
    const refused = expect.objectContaining({ reason: 'FORMAT', round: 0, blame: [] }) as Error
    const watched = await watchScalars(() => expect(operation.post()).rejects.toThrow(refused))
    expect(watched.count(secretsOf(one.set.half))).toMatchObject({ left: 0 })
    expect(await owners.decisionOf(operation)).toBe('ABORT')
    expect(await owners.setsOf(operation)).toEqual([])
  })

  test('reads back what it has stored, and wipes it', async () => {
    const one = await owners.walletOwner()
    const operation = await playTo(refresh(one.client, one.set), 1)
    const stranger = encodeWalletShares(getGroup, walletPair('signing', owners.context.random).other)
    const { sealer } = owners.context
    const forgetful: ServerContext['sealer'] = {
      ...sealer,
      open: (place, sealed) => {
        const opened = sealer.open(place, sealed)
        return place.purpose === 'share' && place.row !== one.set.setId ? stranger.slice() : opened
      },
    }
    await expect(operation.post(one.having({ sealer: forgetful }))).rejects.toThrow('does not give back')
    await play(operation)
  })
})

/** Leaves a message of the second curve out of the second request. */
function withhold(operation: ClientOperation): void {
  const { messages } = decodeRoundBody(operation.body!)
  const isHeld = ({ sessionIndex, envelope }: SessionMessage) =>
    sessionIndex === 1 && decodeEnvelope(envelope).round === 3
  operation.body = encodeRoundBody({ header: {}, messages: messages.filter((message) => !isHeld(message)) })
}
