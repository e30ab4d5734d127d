import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../../../scripts/test-postgres.mjs'
import { createClient, generateWallet, isMpcError, listSets, sign, type Client } from '../../../src/index.ts'
import { serverContext } from '../../../src/server/create-server.ts'
import { apiTokens, createServer } from '../../../src/server/index.ts'
import { moveClient } from '../../../src/server/moves/move-client.ts'
import { pgliteDatabase } from '../../../src/service/database/pglite.ts'
import type { Database } from '../../../src/service/database/types.ts'
import { memoryStore } from '../../../src/storage/index.ts'
import { httpTransport } from '../../../src/transport/index.ts'
import { listen } from '../../support/listen.ts'
import { hasHaproxy, routeToken, startHaproxy, type Proxy } from './haproxy.ts'

const ORIGIN = 'https://wallet.example'
const HOUR = 3600

describe.skipIf(!hasHaproxy)('HAProxy in front of two shards', () => {
  const names = ['shard_a', 'shard_b'] as const
  let shards: Record<
    (typeof names)[number],
    { database: Database; requests: number; close(): Promise<void>; url: string }
  >
  let proxy: Proxy

  beforeAll(async () => {
    const started = await Promise.all(names.map((name, i) => startShard(i + 1).then((shard) => [name, shard] as const)))
    shards = Object.fromEntries(started) as typeof shards
    proxy = await startHaproxy([shards.shard_a.url, shards.shard_b.url], await freePort())
  })
  afterAll(async () => {
    proxy.close()
    for (const { database, close } of Object.values(shards)) {
      await close()
      await database.close()
    }
  })

  async function startShard(key: number) {
    const database = pgliteDatabase()
    const server = createServer({
      database,
      authenticate: apiTokens(database).authenticate,
      masterKey: new Uint8Array(32).fill(key),
      allowedOrigins: [ORIGIN],
    })
    await server.sweep()
    const shard = { database, requests: 0, close: async () => {}, url: '' }
    const { url, close } = await listen((request) => {
      shard.requests += 1
      return server.fetch(request)
    })
    return Object.assign(shard, { url, close })
  }

  const contextOf = (name: (typeof names)[number]) =>
    serverContext({
      database: shards[name].database,
      masterKey: new Uint8Array(32).fill(names.indexOf(name) + 1),
      authenticate: () => undefined,
    })
  const now = () => Math.floor(Date.now() / 1000)
  const routeTo = (clientId: string, shard: string) =>
    routeToken(proxy.key, { sub: clientId, shard, exp: now() + HOUR })

  async function clientAt(clientId: string, shard: (typeof names)[number]): Promise<Client> {
    const authorization = `Bearer ${await apiTokens(shards[shard].database).create(clientId)}`
    const headers = { authorization, 'x-reshare-route': routeTo(clientId, shard) }
    return createClient({ transport: httpTransport(proxy.url, { headers }), storage: memoryStore() })
  }
  const signs = (client: Client, walletId: string) =>
    sign(client, { walletId, scheme: 'ed25519', message: new Uint8Array([1]) })
  const countIn = (name: (typeof names)[number]) => {
    const { requests } = shards[name]
    shards[name].requests = 0
    return requests
  }

  test('sends each client to its shard, and a moved one to its new shard, with the token that it has', async () => {
    const [ann, bob] = [await clientAt('ann', 'shard_a'), await clientAt('bob', 'shard_b')]
    for (const name of names) countIn(name)
    const { id: walletId } = await generateWallet(ann)
    expect([countIn('shard_a') > 0, countIn('shard_b')]).toEqual([true, 0])
    const ofBob = await generateWallet(bob)
    expect([countIn('shard_a'), countIn('shard_b') > 0]).toEqual([0, true])

    const move = { source: contextOf('shard_a'), target: contextOf('shard_b'), clientId: 'ann' }
    expect(await moveClient(move)).toMatchObject({ state: 'arrived' })
    // Asked again and again while the map is behind.
    const waiting = signs(ann, walletId)
    while (shards.shard_a.requests < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await proxy.admin(`add map ${proxy.map} ann shard_b`)).toBe('\n')
    await waiting
    expect(shards.shard_b.requests).toBeGreaterThan(0)
    expect(await moveClient(move)).toMatchObject({ state: 'moved' })
    for (const name of names) countIn(name)
    await signs(ann, walletId)
    await signs(bob, ofBob.id)
    expect(await listSets(ann, { walletId })).toHaveLength(1)
    expect(countIn('shard_a')).toBe(0)
  })

  test('refuses whoever chooses a shard, before any server is asked', async () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const claims = { sub: 'eve', shard: 'shard_a', exp: now() + HOUR }
    const [head, , signature] = routeTo('eve', 'shard_a').split('.') as [string, string, string]
    const other = Buffer.from(JSON.stringify({ ...claims, shard: 'shard_b' })).toString('base64url')
    const refused: Record<string, string | undefined> = {
      nothing: undefined,
      'no token': 'shard_a',
      'of a stranger': routeToken(stranger, claims),
      'not signed': `${routeToken(proxy.key, claims, { alg: 'none' }).split('.').slice(0, 2).join('.')}.`,
      changed: `${head}.${other}.${signature}`,
      'too old': routeToken(proxy.key, { ...claims, exp: now() - 1 }),
      'for ever': routeToken(proxy.key, { sub: 'eve', shard: 'shard_a' }),
    }
    for (const name of names) countIn(name)
    for (const [what, token] of Object.entries(refused)) {
      const headers: Record<string, string> = token === undefined ? {} : { 'x-reshare-route': token }
      const { status } = await fetch(`${proxy.url}/v1/devices`, { headers })
      expect([what, status]).toEqual([what, 401])
    }
    const nowhere = { headers: { 'x-reshare-route': routeTo('eve', 'shard_c') } }
    expect((await fetch(`${proxy.url}/v1/devices`, nowhere)).status).toBe(421)
    expect([countIn('shard_a'), countIn('shard_b')]).toEqual([0, 0])
  })

  test('lets the server authenticate: a token of another client opens nothing', async () => {
    const eve = createClient({
      transport: httpTransport(proxy.url, {
        headers: { authorization: 'Bearer reshare_no', 'x-reshare-route': routeTo('bob', 'shard_b') },
      }),
      storage: memoryStore(),
    })
    const refusal: unknown = await generateWallet(eve).catch((error: unknown) => error)
    expect(isMpcError(refusal, 'AUTH_FAILED')).toBe(true)
  })

  test('lets a page ask first whether it may send its headers', async () => {
    const headers = {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-reshare-route',
    }
    const response = await fetch(`${proxy.url}/v1/devices`, { method: 'OPTIONS', headers })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization,content-type,x-reshare-route')
  })
})
