import { describe, expect, test } from 'vitest'
import type { SignItem } from '../../../src/wire/sign-items.ts'
import { databaseKinds } from '../../e2e/support/databases.ts'
import { codeOf, play, type ServerClient } from '../../support/server-client.ts'
import { nobleTakesAll, signAll } from '../support/batches.ts'
import { cheatAt } from '../support/ecdsa.ts'
import { walletOfEachTest } from '../support/file-world.ts'
import { preprocessed, setIdOf, signEcdsa, type TestWallet } from '../support/wallets.ts'
import type { World } from '../support/world.ts'

const ecdsa = (i: number, path = 'm'): SignItem => {
  return { scheme: 'ecdsa', message: i.toString(16).padStart(64, '0'), hash: null, path }
}
const frost: readonly SignItem[] = [
  { scheme: 'bip340', message: 'abcd', path: 'm/1', tapTweak: null },
  { scheme: 'ed25519', message: 'abcd', path: 'm' },
]

describe.each(databaseKinds)('several signatures on $name', ({ open }) => {
  let world: World
  let client: ServerClient
  let wallet: TestWallet
  walletOfEachTest((made) => ({ world, client, wallet } = made), open)

  const twoServers = () => world.client([world.server(), world.server()], client.clientId)
  const left = async () =>
    (await world.database.query('select 1 from reshare_preprocessings where set_id = $1', [setIdOf(wallet.signing)]))
      .length

  test('are 64 in one operation', async () => {
    const items = [...Array.from({ length: 62 }, (_, i) => ecdsa(i, `m/${i}`)), ...frost]
    const operation = await play(signAll(client, wallet, items))
    expect(operation.round - 1).toBe(2)
    expect(nobleTakesAll(operation, wallet.signing)).toEqual(items.map(() => true))
  })

  test('that are requested twice at once are the same bytes, or one waits', async () => {
    const servers = twoServers()
    const made = [await preprocessed(client, wallet), await preprocessed(client, wallet)]
    for (const operation of [
      signAll(servers, wallet, [ecdsa(1), ecdsa(2), ...frost]),
      signAll(servers, wallet, [ecdsa(1), ecdsa(2), ...frost], made),
      signAll(servers, wallet, frost),
    ]) {
      while (operation.body !== undefined) {
        const answers = await Promise.all([operation.post(), operation.post(), operation.post()])
        const done = answers.filter(({ status }) => status === 200)
        for (const other of answers) if (other.status !== 200) expect(codeOf(other)).toBe('OPERATION_IN_PROGRESS')
        expect(new Set(done.map(({ body }) => body.join())).size).toBe(1)
        operation.take(done[0]!)
      }
      expect(nobleTakesAll(operation, wallet.signing).every(Boolean)).toBe(true)
    }
  })

  test('with a common preprocessing at once are made once, and the others lose none of theirs', async () => {
    const servers = twoServers()
    const [a, b, c, d] = [1, 2, 3, 4].map(() => preprocessed(client, wallet))
    const made = [await a!, await b!, await c!, await d!] as const
    const operations = [
      signAll(servers, wallet, [ecdsa(1), ecdsa(2)], [made[0], made[1]]),
      signAll(servers, wallet, [ecdsa(3), ecdsa(4)], [made[1], made[2]]),
      signAll(servers, wallet, [ecdsa(5), ecdsa(6)], [made[1], made[3]]),
    ]
    const answers = await Promise.all(operations.map((operation) => operation.post()))
    const signed = answers.filter(({ status }) => status === 200)
    expect(signed).toHaveLength(1)
    for (const other of answers) if (other.status !== 200) expect(codeOf(other)).toBe('PREPROCESSING_NOT_FOUND')
    expect(await left()).toBe(2)
    const first = answers.indexOf(signed[0]!)
    operations[first]!.take(signed[0]!)
    expect(nobleTakesAll(operations[first]!, wallet.signing)).toEqual([true, true])
  })

  test('end with a cheat in one of them, whatever goes on beside', async () => {
    const servers = twoServers()
    const beside = signEcdsa(servers, wallet)
    beside.take(await beside.post())
    const operation = signAll(servers, wallet, [ecdsa(1), ecdsa(2), ecdsa(3), ...frost])
    operation.take(await operation.post())
    cheatAt(operation, 2)
    const [cheated] = await Promise.all([operation.post(), beside.post()])
    expect(codeOf(cheated)).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await operation.post())).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await signAll(servers, wallet, [ecdsa(1)]).post())).toBe('OT_POISONED')
    expect(nobleTakesAll(await play(signAll(servers, wallet, frost)), wallet.signing)).toEqual([true, true])
  })
})
