import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decodeFlight, encodeFlight } from '../../src/api/flight.ts'
import type { Presignature } from '../../src/protocol/ecdsa/index.ts'
import { DEFAULT_LIMITS } from '../../src/server/context.ts'
import { toHex } from '../../src/util/bytes.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, play, type ClientOperation, type ServerClient } from '../support/server-client.ts'
import { nobleTakes } from './support/ecdsa.ts'
import { newBackup, newWallet, presign, recover, signEcdsa, type TestWallet } from './support/wallets.ts'
import { createWorld, type World } from './support/world.ts'

describe.each(chosenDatabases('server/ecdsa-presign'))('presignatures on $name', ({ open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  beforeAll(async () => {
    world = createWorld(await open(), seededRandom())
    await world.server().sweep()
  })
  beforeEach(async () => {
    client = world.client([world.server(), world.server()])
    wallet = await newWallet(client)
  })
  afterAll(() => world.database.close())

  async function presignature(path = 'm'): Promise<Presignature> {
    return (await play(presign(client, wallet, path))).presignature as Presignature
  }

  function spend(presignature: Presignature, options: Parameters<typeof signEcdsa>[2] = {}, by = client) {
    const source = { kind: 'presignature', id: toHex(presignature.id) } as const
    return signEcdsa(by, { ...wallet, presignature }, { source, ...options })
  }

  const GONE = { code: 'STORAGE_CONFLICT', retryable: false }

  test.each(['m', 'm/0/7'])('sign for the key at %s in one round, with nothing but 64 bytes down', async (path) => {
    const operation = spend(await presignature(path), { path })
    expect(decodeFlight(operation.body!).parcels).toEqual([])
    const answer = await operation.post()
    expect(decodeFlight(answer.body).parcels.map(({ slot, envelope }) => [slot, envelope.length])).toEqual([[0, 64]])
    expect(await operation.post()).toEqual(answer)
    operation.take(answer)
    expect(nobleTakes(operation, wallet.signing)).toBe(true)
  })

  // Row 10.
  test('sign once: the second request gets nothing, whatever it signs', async () => {
    const made = await presignature()
    const [first, second, third] = [spend(made), spend(made), spend(made, { message: '00' })]
    await play(first)
    expect(codeOf(await second.post())).toBe('STORAGE_CONFLICT')
    expect(codeOf(await third.post())).toBe('STORAGE_CONFLICT')
    await expect(play(spend(made))).rejects.toMatchObject(GONE)
  })

  test('spent at the same time at several servers, one of them signs', async () => {
    const by = world.client([world.server(), world.server(), world.server()], client.clientId)
    const made = await presignature()
    const attempts = ['01', '02', '03'].map((message) => spend(made, { message }, by))
    const answers = await Promise.all(attempts.map((attempt) => attempt.post()))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409])
    const winner = attempts[answers.findIndex(({ status }) => status === 200)] as ClientOperation
    winner.take(await winner.post())
    expect(nobleTakes(winner, wallet.signing)).toBe(true)
  })

  test('another digest in the same operation is refused, before and after it is signed', async () => {
    const made = await presignature()
    const operation = spend(made)
    const other = spend(made, { message: '00' })
    const answer = await operation.post()
    const own = operation.body
    operation.body = other.body
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    operation.body = own
    expect(await operation.post()).toEqual(answer)
  })

  // Row 11.
  test('are for one key and one set: another path, set or id finds none, and leaves it unspent', async () => {
    const made = await presignature('m/1')
    const other = await newWallet(client)
    for (const path of ['m', 'm/2', 'm/1/1']) await expect(play(spend(made, { path }))).rejects.toMatchObject(GONE)
    const source = { kind: 'presignature', id: toHex(made.id) } as const
    const elsewhere = signEcdsa(client, { ...other, presignature: made }, { source, path: 'm/1' })
    await expect(play(elsewhere)).rejects.toMatchObject(GONE)
    const unknown = { kind: 'presignature', id: '00'.repeat(32) } as const
    await expect(play(spend(made, { path: 'm/1', source: unknown }))).rejects.toMatchObject(GONE)
    const stranger = world.client()
    expect(codeOf(await spend(made, { path: 'm/1' }, stranger).post())).toBe('AUTH_FAILED')
    expect(nobleTakes(await play(spend(made, { path: 'm/1' })), wallet.signing)).toBe(true)
  })

  test('a request with parcels is refused and spends nothing', async () => {
    const made = await presignature()
    const operation = spend(made)
    const own = operation.body
    operation.body = signEcdsa(client, wallet).body
    const { parcels } = decodeFlight(operation.body!)
    operation.body = encodeFlight({ header: operation.request, parcels })
    expect(codeOf(await operation.post())).toBe('BAD_REQUEST')
    operation.body = own
    await play(operation)
  })

  test('of all the sets of a wallet are dropped when a recovery of it commits, and no others', async () => {
    const half = await newBackup(client, wallet)
    const made = await presignature()
    const bystander = await newWallet(client)
    await play(presign(client, bystander))
    await play(recover(client, half, { dryRun: true }))
    const [row] = await world.database.query('select count(*)::int as n from reshare_presignatures where path = $1', [
      'm',
    ])
    await play(recover(client, half))
    await expect(play(spend(made))).rejects.toMatchObject(GONE)
    const [after] = await world.database.query('select count(*)::int as n from reshare_presignatures where path = $1', [
      'm',
    ])
    expect((row?.['n'] as number) - (after?.['n'] as number)).toBe(1)
  })

  test('expire, and are swept away', async () => {
    const made = await presignature()
    world.pass(DEFAULT_LIMITS.presignatureMs)
    await expect(play(spend(made))).rejects.toMatchObject(GONE)
    await world.server().sweep()
    expect(await world.database.query('select 1 from reshare_presignatures')).toEqual([])
  })

  test('above the limit the oldest goes', async () => {
    const by = world.client([world.server({ limits: { presignatures: 2 } })], client.clientId)
    const made: Presignature[] = []
    for (let i = 0; i < 3; i++) made.push((await play(presign(by, wallet))).presignature as Presignature)
    const [oldest, ...kept] = made as [Presignature, ...Presignature[]]
    await expect(play(spend(oldest))).rejects.toMatchObject(GONE)
    for (const one of kept) await play(spend(one))
  })

  test('of a copy of the database are not good for a second signature', async () => {
    const made = await presignature()
    const [copy] = await world.database.query('select * from reshare_presignatures where presignature_id = $1', [
      toHex(made.id),
    ])
    await play(spend(made))
    const { set_id: setId, presignature_id: id, path, sealed, incarnation, created_at: at, expires_at: until } = copy!
    const restore = (life: number) =>
      world.database.query(
        `insert into reshare_presignatures (set_id, presignature_id, path, sealed, incarnation, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [setId!, id!, path!, sealed!, life, at!, until!],
      )
    await restore(incarnation as number)
    await world.database.query(`update reshare_meta set number = number + 1 where name = 'incarnation'`)
    await expect(play(spend(made, { message: '00' }))).rejects.toMatchObject(GONE)
    // Nor if the column is made to say that it belongs to this life.
    await world.database.query('delete from reshare_presignatures')
    await restore((incarnation as number) + 1)
    await expect(play(spend(made, { message: '00' }))).rejects.toMatchObject({ code: 'SHARE_PARSING_FAILED' })
  })
})
