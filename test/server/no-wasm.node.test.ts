import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createCustodian } from '../../src/custodian/index.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { dropCore } from '../../src/wasm/instance.ts'
import { seededRandom } from '../support/random.ts'
import { getJson, type Answer } from '../support/server-client.ts'
import { paths } from '../../src/wire/paths.ts'
import { parseJson, play } from '../support/server-client.ts'
import { backup, generate, newWallet, prove } from './support/wallets.ts'
import { createWorld, MASTER_KEY, type World } from './support/world.ts'

let world: World
beforeAll(() => {
  world = createWorld(pgliteDatabase(), seededRandom())
})
afterEach(() => vi.unstubAllGlobals())
afterAll(() => world.database.close())

/** As after a trap, in a process that gets no new instance. */
function loseWasm(): void {
  dropCore()
  vi.stubGlobal('WebAssembly', {})
}

const internal = ({ status, body }: Answer) => {
  expect([status, parseJson(body)]).toEqual([
    500,
    { error: { id: 'INTERNAL', message: 'the server failed', retryable: true } },
  ])
  expect(world.errors.splice(0)).toEqual([expect.objectContaining({ code: 'WASM_UNAVAILABLE' })])
}

test('a process that loses WebAssembly says INTERNAL and tells its log; what had begun goes on elsewhere', async () => {
  const client = world.client()
  const wallet = await newWallet(client)
  const [begun, made] = [prove(client, wallet.signing), generate(client)]
  begun.take(await begun.post())
  made.take(await made.post())
  const first = backup(client, wallet)
  loseWasm()
  for (const operation of [begun, made, first]) internal(await operation.post())
  vi.unstubAllGlobals()
  for (const operation of [begun, made, first]) await play(operation)
  expect(await getJson(client, paths.sets(wallet.walletId))).toMatchObject({ sets: [{ proven: true }, {}] })
})

describe('without WebAssembly', () => {
  test.each(['server', 'custodian'])('no %s is made', async (which) => {
    vi.stubGlobal('WebAssembly', undefined)
    vi.resetModules()
    const { createServer } = await import('../../src/server/create-server.ts')
    const custodians = await import('../../src/custodian/index.ts')
    const common = { database: world.database, masterKey: MASTER_KEY.slice(0, 32) }
    const make = () =>
      which === 'server'
        ? createServer({ ...common, authenticate: () => undefined })
        : custodians.createCustodian({ ...common, webhookSecret: 'x'.repeat(32), authenticateUser: () => undefined })
    expect(make).toThrow(/no WebAssembly/)
    vi.unstubAllGlobals()
    expect(make).not.toThrow()
    expect(createCustodian).not.toBe(custodians.createCustodian)
  })
})
