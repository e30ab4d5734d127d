import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bumpEpoch } from '../../../src/server/epoch.ts'
import { hasRows } from '../../../src/server/moves/client-rows.ts'
import { restoreMoves } from '../../../src/server/moves/restore-moves.ts'
import { chosenDatabases } from '../../e2e/support/databases.ts'
import { seededRandom } from '../../support/random.ts'
import { play } from '../../support/server-client.ts'
import { newWallet, sign, type TestWallet } from '../support/wallets.ts'
import { copyOf, writeCopy, type Copy } from './copies.ts'
import { failingAt } from './failing-target.ts'
import {
  breaksOf,
  cancel,
  createShard,
  isLive,
  move,
  routedClient,
  type RoutedClient,
  type Shard,
} from './two-shards.ts'

/*
 * A client goes from A to B, to C, back to A, and to B again. A is copied at one point, is lost at a later one, and is restored from
 * the copy. Each pair of points has a client of its own; all are in the same databases.
 */

const NAMES = ['a', 'b', 'c'] as const
type Name = (typeof NAMES)[number]
type Shards = Readonly<Record<Name, Shard>>

/** The points in order: a move that fails at a statement of its target, or one that goes as far as it says. */
const POINTS = {
  here: {},
  'about to leave': { way: 'ab', failsAt: 'insert into reshare_client_moves' },
  'left, kept': { way: 'ab', unused: false },
  gone: { way: 'ab', unused: true },
  'gone further': { way: 'bc', unused: true },
  'expected again': { way: 'ca', failsAt: 'insert into reshare_sets' },
  'back, kept elsewhere': { way: 'ca', unused: false },
  back: { way: 'ca', unused: true },
  'left again, kept': { way: 'ab', unused: false },
} satisfies Record<string, { way?: string; failsAt?: string; unused?: boolean }>
type Point = keyof typeof POINTS
const ALL = Object.keys(POINTS) as Point[]

/** When the copy is made, and when A is lost. */
const PAIRS: Partial<Record<Point, readonly Point[]>> = {
  here: ['left, kept', 'gone further', 'back, kept elsewhere', 'back', 'left again, kept'],
  'about to leave': ['left, kept', 'back'],
  'left, kept': ['left, kept', 'gone further', 'back, kept elsewhere', 'back', 'left again, kept'],
  gone: ['back, kept elsewhere', 'back'],
  'expected again': ['back, kept elsewhere', 'back'],
  back: ['left again, kept'],
}

/** Who has a client once A knows where it is. While it is on its way, nobody has. */
const HOMES: Partial<Record<Point, Name>> = {
  'left, kept': 'b',
  'gone further': 'c',
  back: 'a',
  'left again, kept': 'b',
}

interface Case {
  readonly copied: Point
  readonly lost: Point
  readonly client: RoutedClient
  readonly wallet: TestWallet
}

const shardsOf = (shards: Shards, way: string) => [...way].map((name) => shards[name as Name]) as [Shard, Shard]

async function take(shards: Shards, clientId: string, point: Point): Promise<void> {
  const step: { way?: string; failsAt?: string; unused?: boolean } = POINTS[point]
  if (step.way === undefined) return
  const [source, target] = shardsOf(shards, step.way)
  const { failsAt, unused = false } = step
  if (failsAt === undefined) await move(source, target, clientId, { unused })
  else await expect(move(source, target, clientId, { target: failingAt(target, failsAt) })).rejects.toThrow('is down')
}

describe.each(chosenDatabases('restored orders'))('a copy of one of three shards on $name', (kind) => {
  const opened: Shard[] = []
  const cases: Case[] = []
  let copies: Readonly<Record<Name, Copy>>
  let restored: Shards

  const open = async (name: Name, copy?: Copy): Promise<Shard> => {
    const database = await kind.open()
    if (copy !== undefined) await writeCopy(database, copy)
    const shard = await createShard(database, seededRandom(`of shard ${name}`), opened[0]?.world.custodian)
    opened.push(shard)
    return shard
  }
  const openAll = async (from?: typeof copies): Promise<Shards> => {
    const [a, b, c] = [await open('a', from?.a), await open('b', from?.b), await open('c', from?.c)]
    return { a, b, c }
  }
  const restore = async () => {
    restored = await openAll(copies)
    await bumpEpoch(restored.a.world.database)
  }
  const tell = (name: Name) => restoreMoves(restored.a.context(), restored[name].world.database)

  beforeAll(async () => {
    const now = await openAll()
    for (const [copied, all] of Object.entries(PAIRS)) {
      for (const lost of all) {
        const client = routedClient(now.a, seededRandom(`${copied} ${lost}`))
        cases.push({ copied: copied as Point, lost, client, wallet: await newWallet(client) })
      }
    }
    for (const { copied, client } of cases) {
      for (const point of ALL.slice(0, ALL.indexOf(copied) + 1)) await take(now, client.clientId, point)
    }
    const a = await copyOf(now.a.world.database)
    for (const { copied, lost, client } of cases) {
      for (const point of ALL.slice(ALL.indexOf(copied) + 1, ALL.indexOf(lost) + 1)) {
        await take(now, client.clientId, point)
      }
    }
    copies = { a, b: await copyOf(now.b.world.database), c: await copyOf(now.c.world.database) }
  }, 300_000)
  afterAll(async () => {
    for (const { world } of opened) await world.database.close()
  })

  /** By case, who has the client. */
  const found = async () => {
    const homes: Record<string, string> = {}
    for (const { copied, lost, client } of cases) {
      const has = []
      for (const name of NAMES) if (await isLive(restored[name], client.clientId)) has.push(name)
      homes[`${copied} → ${lost}`] = has.join()
    }
    return homes
  }
  const expected = (of: (one: Case) => string) =>
    Object.fromEntries(cases.map((one) => [`${one.copied} → ${one.lost}`, of(one)]))

  /** A copy that has nothing of a client that has come back. */
  const isMissing = ({ copied, lost }: Case) => lost === 'back' && (copied === 'gone' || copied === 'expected again')
  const homeOf = (one: Case) => {
    if (isMissing(one)) return ''
    // It has not left C for good there.
    if (one.copied === 'back' || one.lost !== 'back, kept elsewhere') return HOMES[one.lost] ?? ''
    return ''
  }

  const WAYS = ['ab', 'ac', 'ca']
  /** Tries to give up and to finish every move. */
  const finish = async ({ client: { clientId } }: Case) => {
    for (const way of WAYS) await cancel(...shardsOf(restored, way), clientId).catch(() => undefined)
    for (const way of WAYS) {
      const [source, target] = shardsOf(restored, way)
      await move(source, target, clientId, { unused: true }).catch(() => undefined)
    }
  }
  const signs = async ({ copied, lost, client, wallet }: Case) => {
    const homes: Name[] = []
    for (const name of NAMES) if (await isLive(restored[name], client.clientId)) homes.push(name)
    const [home, ...others] = homes
    expect([copied, lost, others]).toEqual([copied, lost, []])
    if (home === undefined) throw new Error(`${copied}, ${lost}: no database has the client`)
    client.home = restored[home]
    await play(sign(client, wallet.signing))
  }
  const breaks = async () => Promise.all(NAMES.map((name) => breaksOf(restored[name])))

  test.each([['b', 'c'] as const, ['c', 'b'] as const])(
    'has each client where its last move has brought it, told by %s and then by %s',
    async (first, second) => {
      await restore()
      await tell(first)
      await tell(second)
      expect(await found()).toEqual(expected(homeOf))
      const again = [await tell(first), await tell(second)]
      const missing = cases.filter(isMissing).map(({ client }) => client.clientId)
      expect(again.map(({ left, returned }) => [left, returned])).toEqual(again.map(() => [[], []]))
      expect(new Set(again.flatMap((one) => one.missing))).toEqual(new Set(missing))
      for (const one of cases) {
        await finish(one)
        if (!isMissing(one)) await signs(one)
      }
      expect(await breaks()).toEqual([[], [], []])
    },
    300_000,
  )

  test('deletes of no client that has left in it the last that there is, before it is told', async () => {
    await restore()
    const left = cases.filter(({ copied }) => copied === 'left, kept')
    for (const one of left) {
      for (const way of WAYS.filter((way) => way !== 'ca')) {
        const [source, target] = shardsOf(restored, way)
        await move(source, target, one.client.clientId, { unused: true }).catch(() => undefined)
      }
      const kept = await Promise.all(NAMES.map((name) => hasRows(restored[name].world.database, one.client.clientId)))
      expect([one.lost, kept.includes(true)]).toEqual([one.lost, true])
    }
    await tell('b')
    await tell('c')
    for (const one of left) {
      await finish(one)
      await signs(one)
    }
    expect(await breaks()).toEqual([[], [], []])
  }, 300_000)
})
