import { describe, expect, test } from 'vitest'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { paths } from '../../../src/wire/paths.ts'
import { bumpEpoch } from '../../../src/server/index.ts'
import type { WalletShares } from '../../../src/key-share/index.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import {
  abortOperation,
  ClientOperation,
  codeOf,
  play,
  setStatus,
  unwrap,
  type ServerClient,
} from '../../support/server-client.ts'
import { fileWorld } from '../support/file-world.ts'
import { operationTraces } from '../support/operation-traces.ts'
import { backup, generate, newBackup, newWallet, prove, recover, setIdOf, sign } from '../support/wallets.ts'
import { type World } from '../support/world.ts'

describe.each(chosenDatabases('server/rounds'))('rounds on $name', ({ open }) => {
  let world: World
  fileWorld((made) => (world = made), open)

  const traces = (client: ServerClient, operationId: string) => operationTraces(world, client, operationId)

  test('another request for a round already played is refused, and the first stays good', async () => {
    const client = world.client()
    const operation = generate(client)
    const first = await operation.post()
    const own = operation.body
    operation.body = generate(client, operation.request.walletId).body
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    operation.body = own
    operation.take(first)
    await play(operation)
    expect((await setStatus(client, operation.result!.setId)).state).toBe('ACTIVE')
  })

  test('a round out of order is refused and changes nothing', async () => {
    const client = world.client()
    const operation = backup(client, await newWallet(client))
    operation.take(await operation.post())
    operation.round = 3
    expect(codeOf(await operation.post())).toBe('BAD_REQUEST')
    operation.round = 2
    await play(operation)
  })

  test('an expired operation is over, and what it prepared is destroyed (row 21)', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const operation = recover(client, await newBackup(client, wallet))
    operation.take(await operation.post())
    operation.take(await operation.post())
    const setId = setIdOf(operation.prepared[0]!)
    expect((await setStatus(client, setId)).state).toBe('PREPARED')
    world.pass(10 * 60_000)
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect((await setStatus(client, setId)).state).toBe('ABORTED')
    expect(await world.database.query('select 1 from reshare_shares where set_id = $1', [setId])).toEqual([])
    expect(await abortOperation(client, operation.operationId)).toEqual({ decision: 'ABORT' })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    await play(sign(client, wallet.signing))
  })

  test('a set that is not decided does not sign, deal or retire', async () => {
    const client = world.client()
    const half = await newBackup(client, await newWallet(client))
    const operation = recover(client, half, { rotateBackup: 'PASSKEY' })
    operation.take(await operation.post())
    operation.take(await operation.post())
    const [signing, rotated] = operation.prepared as [WalletShares, WalletShares]
    await expect(play(sign(client, signing))).rejects.toMatchObject({ code: 'OPERATION_IN_PROGRESS' })
    await expect(play(prove(client, signing))).rejects.toMatchObject({ code: 'OPERATION_IN_PROGRESS' })
    await expect(play(recover(client, rotated))).rejects.toMatchObject({ code: 'OPERATION_IN_PROGRESS' })
    expect(codeOf(await client.send('POST', paths.retire(setIdOf(signing))))).toBe('OPERATION_IN_PROGRESS')
    expect(codeOf(await client.send('POST', paths.confirm(setIdOf(rotated))))).toBe('OPERATION_IN_PROGRESS')
    await play(operation)
    await play(sign(client, signing))
  })

  test('a committed operation is not aborted any more', async () => {
    const client = world.client()
    const operation = await play(generate(client))
    expect(await abortOperation(client, operation.operationId)).toEqual({ decision: 'COMMIT' })
    await play(sign(client, operation.prepared[0]!))
  })

  test('an aborted operation plays no further round', async () => {
    const client = world.client()
    const operation = generate(client)
    operation.take(await operation.post())
    expect(await abortOperation(client, operation.operationId)).toEqual({ decision: 'ABORT' })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await client.send('GET', paths.sets(operation.request.walletId)))).toBe('AUTH_FAILED')
  })

  test('a set retired in the middle of its own refresh makes no successor', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    await newBackup(client, wallet)
    const request = { kind: 'refresh', walletId: wallet.walletId, setId: setIdOf(wallet.signing), label: '' } as const
    const operation = new ClientOperation(client, request, wallet.signing)
    operation.take(await operation.post())
    operation.take(await operation.post())
    unwrap(await client.send('POST', paths.retire(request.setId)))
    expect(codeOf(await operation.post())).toBe('SET_RETIRED')
    expect((await setStatus(client, setIdOf(operation.prepared[0]!))).state).toBe('ABORTED')
  })

  test('a restored database refuses the sessions of its past', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const operation = backup(client, wallet)
    operation.take(await operation.post())
    await bumpEpoch(world.database)
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    await play(backup(client, wallet))
  })

  describe('messages of other sets and sessions', () => {
    test('a client of one set with the server of another: refused before any cryptography (row 27)', async () => {
      const client = world.client()
      const wallet = await newWallet(client)
      const [laptop] = (await play(recover(client, await newBackup(client, wallet)))).prepared as [WalletShares]
      const mixed = sign(client, laptop)
      const named = { ...mixed.request, setId: setIdOf(wallet.signing) }
      mixed.body = encodeRoundBody({ header: named, messages: decodeRoundBody(mixed.body!).messages })
      expect(codeOf(await mixed.post())).toBe('SET_MISMATCH')
      expect(await traces(client, mixed.operationId)).toEqual({ operations: 0, responses: 0, decisions: 0, sets: 0 })
      await play(sign(client, laptop))
    })

    test('a set of another wallet or purpose is refused by its name', async () => {
      const client = world.client()
      const [one, other] = [await newWallet(client), await newWallet(client)]
      const half = await newBackup(client, one)
      const moved = sign(client, one.signing)
      moved.body = encodeRoundBody({ header: { ...moved.request, walletId: other.walletId }, messages: [] })
      expect(codeOf(await moved.post())).toBe('SET_MISMATCH')
      const swapped = recover(client, half)
      swapped.body = encodeRoundBody({
        header: { ...(decodeRoundBody(swapped.body!).header as object), setId: setIdOf(one.signing) },
        messages: [],
      })
      expect(codeOf(await swapped.post())).toBe('SET_MISMATCH')
      expect(codeOf(await client.send('POST', paths.confirm(setIdOf(one.signing))))).toBe('SET_MISMATCH')
      expect(codeOf(await client.send('POST', paths.retire(setIdOf(half))))).toBe('SET_MISMATCH')
    })

    test.each([
      ['no message', () => []],
      [
        'a message for a session that is not there',
        (messages: Parcels) => [...messages, { ...messages[0]!, sessionIndex: 7 }],
      ],
      ['a message twice', (messages: Parcels) => [...messages, messages[0]!]],
      [
        'junk beside the messages',
        (messages: Parcels) => [...messages, { sessionIndex: 0, envelope: new Uint8Array(99) }],
      ],
      [
        'one session without a message',
        (messages: Parcels) => messages.filter(({ sessionIndex }) => sessionIndex === 0),
      ],
    ])('%s: refused, and the right body still completes', async (_, spoil) => {
      const client = world.client()
      const operation = generate(client)
      while (operation.body !== undefined) {
        const right = operation.body
        const { header, messages } = decodeRoundBody(right)
        operation.body = encodeRoundBody({ header: header as object, messages: spoil(messages) })
        expect(['BAD_REQUEST', 'SET_MISMATCH']).toContain(codeOf(await operation.post()))
        operation.body = right
        operation.take(await operation.post())
      }
      await play(sign(client, operation.prepared[0]!))
    })
  })

  test('a proof by somebody who does not hold the share retires nothing', async () => {
    const client = world.client()
    const wallet = await newWallet(client)
    const half = await newBackup(client, wallet)
    const laptop = (await play(recover(client, half, { existingSets: 'retire' }))).prepared[0]!
    const operation = prove(client, laptop)
    operation.take(await operation.post())
    const { messages } = decodeRoundBody(operation.body!)
    for (const { envelope } of messages) envelope[envelope.length - 1]! ^= 1
    operation.body = encodeRoundBody({ header: {}, messages })
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(await setStatus(client, setIdOf(laptop))).toMatchObject({ proven: false })
    await play(sign(client, wallet.signing))
  })
})

type Parcels = ReturnType<typeof decodeRoundBody>['messages']
