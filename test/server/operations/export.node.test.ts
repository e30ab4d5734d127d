import { describe, expect, test } from 'vitest'
import { shareOn } from '../../../src/client/wallet-shares.ts'
import { decodeRoundBody } from '../../../src/wire/round-body.ts'
import type { OperationResult } from '../../../src/wire/operations.ts'
import { CURVES } from '../../../src/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { codeOf, unwrap } from '../../support/server-client.ts'
import { inHex } from '../../support/texts.ts'
import {
  AUTHORIZATION,
  beginExport,
  exportClient,
  exportedAt,
  newExport,
  onlyMessage,
  playExport,
  postRound,
  requestsKept,
  sealerOf,
  setInWorld,
} from '../support/exports.ts'
import { fileWorld } from '../support/file-world.ts'
import type { World } from '../support/world.ts'

let world: World
fileWorld((made) => (world = made))

describe('an export', () => {
  test.each(CURVES)('hands over the server’s share of %s, sealed, and marks the set', async (curve) => {
    const { client, asked } = exportClient(world)
    const wallet = await setInWorld(world, client)
    expect(await exportedAt(client, wallet)).toBeNull()
    const one = newExport(world, wallet, curve)
    const second = one.second(await beginExport(client, one))
    expect(await exportedAt(client, wallet)).toBeNull()
    const answer = await postRound(client, one, 2, second)
    expect(decodeRoundBody(unwrap(answer)).header as OperationResult).toEqual({
      setId: wallet.setId,
      state: 'ACTIVE',
    })

    const share = one.receive(onlyMessage(answer))
    expect(share.value).toEqual(shareOn(wallet.half, curve).secretShare)
    const { group, record } = one.terms
    expect(group.equalPoints(group.multiplyBase(one.recombine(share)), record.publicKey)).toBe(true)

    const common = { clientId: client.clientId, walletId: wallet.walletId, setId: wallet.setId, curve }
    expect(asked).toEqual([{ ...common, authorization: AUTHORIZATION }])
    expect(await exportedAt(client, wallet)).toMatch(/^2026-/)
  })

  test('the first time stays', async () => {
    const { client } = exportClient(world)
    const wallet = await setInWorld(world, client)
    await playExport(client, newExport(world, wallet, 'secp256k1'))
    const first = await exportedAt(client, wallet)
    world.pass(1000)
    await playExport(client, newExport(world, wallet, 'ed25519'))
    expect(await exportedAt(client, wallet)).toBe(first)
  })

  test('a wrong proof ends it for good', async () => {
    const { client } = exportClient(world)
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'secp256k1')
    const challenge = await beginExport(client, one)
    const stranger = { ...one.own, secretShare: one.terms.group.randomScalar(world.random) }
    expect(codeOf(await postRound(client, one, 2, one.second(challenge, stranger)))).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await postRound(client, one, 2, one.second(challenge)))).toBe('PROTOCOL_ABORTED')
    expect(await exportedAt(client, wallet)).toBeNull()
  })

  test('the same round gets the same bytes, another message none', async () => {
    const { client, asked } = exportClient(world)
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'secp256k1')
    const first = await postRound(client, one, 1, one.first)
    expect(await postRound(client, one, 1, one.first)).toEqual(first)
    const otherKey = { ...one.first, header: { ...one.first.header, receiver: toHex(world.random(32)) } }
    expect(codeOf(await postRound(client, one, 1, otherKey))).toBe('PROTOCOL_ABORTED')
    expect(asked.length).toBe(1)

    const second = one.second(onlyMessage(first))
    const last = await postRound(client, one, 2, second)
    expect(await postRound(client, one, 2, second)).toEqual(last)
    expect(codeOf(await postRound(client, one, 2, one.second(onlyMessage(first))))).toBe('PROTOCOL_ABORTED')

    const another = newExport(world, wallet, 'secp256k1')
    await beginExport(client, another)
    expect(codeOf(await postRound(client, another, 2, second))).toBe('PROTOCOL_ABORTED')
  })

  test('an export that waits too long is over', async () => {
    const { client } = exportClient(world)
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'ed25519')
    const challenge = await beginExport(client, one)
    world.pass(10 * 60_000)
    expect(codeOf(await postRound(client, one, 2, one.second(challenge)))).toBe('PROTOCOL_ABORTED')
  })

  test('neither a share nor the authorisation is stored or told in the clear', async () => {
    const told: unknown[] = []
    const { client } = exportClient(world, { onError: (error) => told.push(error) })
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'secp256k1')
    const challenge = await beginExport(client, one)
    const requestOf = async () => JSON.parse((await requestsKept(world, client))[0]!['request'] as string) as unknown
    expect(await requestOf()).toEqual({ ...one.request, authorization: '' })
    const sealed = onlyMessage(await postRound(client, one, 2, one.second(challenge)))
    expect(one.receive(sealed).value.length).toBe(32)
    expect(await requestsKept(world, client)).toEqual([{ request: null }])

    const tables = ['operations', 'responses', 'decisions', 'sets', 'shares']
    const stored: unknown[] = []
    for (const table of tables) stored.push(...(await world.database.query(`select * from reshare_${table}`)))
    const place = { clientId: client.clientId, row: `${one.operationId}/2` }
    const key = [client.clientId, one.operationId]
    const answers = await world.database.query(
      'select sealed from reshare_responses where client_id = $1 and operation_id = $2 and round = 2',
      key,
    )
    const opened = sealerOf(world).open({ purpose: 'response', ...place }, answers[0]!['sealed'] as Uint8Array)
    expect(toHex(opened)).toContain(toHex(sealed))

    const text = [...stored, opened, told.map(String)].map(inHex).join('\n')
    for (const half of [wallet.signing, wallet.half]) {
      for (const { secretShare } of half.shares) expect(text).not.toContain(toHex(secretShare))
    }
    expect(text).not.toContain(toHex(one.keyPair.secretKey))
    expect(text).not.toContain(AUTHORIZATION)
    expect(text).not.toContain(toHex(utf8(AUTHORIZATION)))
  })

  test('a sweep forgets all of it but that it was decided', async () => {
    const { client } = exportClient(world)
    await playExport(client, newExport(world, await setInWorld(world, client), 'ed25519'))
    world.pass(2 * 60 * 60_000)
    await world.server().sweep()
    // Begun anew, what a relay has kept of an export would count as a failed proof.
    for (const [table, kept] of Object.entries({ operations: 0, responses: 0, decisions: 1 })) {
      const rows = await world.database.query(
        `select 1 from reshare_${table} where client_id = $1 and operation_id not in
           (select operation_id from reshare_sets where client_id = $1)`,
        [client.clientId],
      )
      expect([table, rows.length]).toEqual([table, kept])
    }
  })
})
