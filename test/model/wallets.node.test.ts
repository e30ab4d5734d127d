import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  backupWallet,
  MpcError,
  recoverWallet,
  refreshShares,
  resume,
  type Client,
  type Transport,
  type TransportRequest,
} from '../../src/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import { createLine, signs, storeBackup, unprovenRetirements, type WalletLine } from '../crash/support/wallet-line.ts'
import { retiresBeforeProof } from '../crash/support/planted-bugs.ts'
import { createCrashWorld, type Device } from '../crash/support/world.ts'
import { signsTogether } from '../support/e2e.ts'
import { seededRandom } from '../support/random.ts'
import { utf8 } from '../../src/util/bytes.ts'

/** What happens to one request of an action; the number counts the action's requests from 1. */
interface Fault {
  readonly kind: 'none' | 'lose request' | 'lose answer' | 'duplicate'
  readonly at: number
}

/** What a user may expect of each device: it signs, it may sign, or it holds nothing. */
type Hope = 'signs' | 'may sign' | 'nothing'

interface Hopes {
  devices: Record<string, Hope>
}

interface Real {
  readonly line: WalletLine
  readonly devices: Map<string, Device>
}

const NAMES = ['first', 'second']

function faultyTransport(transport: Transport, { kind, at }: Fault): Transport {
  let count = 0
  return {
    async request(request: TransportRequest) {
      const struck = ++count === at
      if (struck && kind === 'lose request') throw new MpcError('NETWORK_ERROR', 'the request was lost')
      const response = await transport.request(request)
      if (struck && kind === 'lose answer') throw new MpcError('NETWORK_ERROR', 'the answer was lost')
      if (!struck || kind !== 'duplicate') return response
      const again = await transport.request(request)
      // The same request has the same answer, or, once it was played, one that changes nothing.
      if (again.status === 200) expect(again.body).toEqual(response.body)
      return again.status === 200 ? again : response
    },
  }
}

function clientOf({ line, devices }: Real, name: string, fault: Fault): Client {
  const client = line.world.start(devices.get(name) as Device)
  return { ...client, transport: faultyTransport(client.transport, fault) }
}

type Action = 'refresh' | 'backup' | 'keep' | 'retire' | 'signAll'

/** One action of a user on one device, on a network that fails once. */
class Act implements fc.AsyncCommand<Hopes, Real> {
  readonly action: Action
  readonly name: string
  readonly fault: Fault

  constructor(action: Action, name: string, fault: Fault) {
    this.action = action
    this.name = name
    this.fault = fault
  }

  check({ devices }: Readonly<Hopes>): boolean {
    const recovers = this.action === 'keep' || this.action === 'retire'
    return recovers || devices[this.name] === 'signs'
  }

  async run(hopes: Hopes, real: Real): Promise<void> {
    const failure = await this.#act(real).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failure !== undefined) expect(failure).toBeInstanceOf(MpcError)
    if (this.fault.kind === 'none' || this.fault.kind === 'duplicate') expect(failure).toBeUndefined()
    this.#expect(hopes, failure === undefined)
    await verify(hopes, real)
  }

  async #act(real: Real): Promise<void> {
    const { line } = real
    const { wallet, world, cipherText } = line
    const client = clientOf(real, this.name, this.fault)
    const { method } = world
    switch (this.action) {
      case 'refresh':
        await refreshShares(client, { walletId: wallet.id })
        return
      case 'backup':
        return storeBackup(line, await backupWallet(client, { walletId: wallet.id, method }))
      case 'signAll':
        return signsTogether(client, wallet.id, wallet.publicKeys, utf8('all or none'))
      case 'keep':
      case 'retire':
        await recoverWallet(client, { cipherText, method, existingSets: this.action })
    }
  }

  #expect({ devices }: Hopes, done: boolean): void {
    const isRecovery = this.action === 'keep' || this.action === 'retire'
    if (done && isRecovery) devices[this.name] = 'signs'
    if (!done && isRecovery && devices[this.name] === 'nothing') devices[this.name] = 'may sign'
    if (this.action !== 'retire') return
    for (const other of NAMES.filter((name) => name !== this.name)) {
      if (devices[other] !== 'nothing') devices[other] = done ? 'nothing' : 'may sign'
    }
  }

  toString(): string {
    const { kind, at } = this.fault
    return `${this.action} on ${this.name}${kind === 'none' ? '' : `, ${kind} ${at}`}`
  }
}

/** Settles what is open on every device, as one's proof may retire another's set: what each does then, it does from here on. */
async function verify(hopes: Hopes, { line, devices }: Real): Promise<void> {
  expect(await unprovenRetirements(line), 'sets retired before proof').toBe(0)
  for (const name of NAMES) await resume(line.world.start(devices.get(name) as Device))
  for (const name of NAMES) {
    const signsNow = await signs(line, devices.get(name) as Device)
    if (hopes.devices[name] === 'signs') expect(signsNow, `${name} signs`).toBe(true)
    if (hopes.devices[name] === 'nothing') expect(signsNow, `${name} signs`).toBe(false)
    hopes.devices[name] = signsNow ? 'signs' : 'nothing'
  }
  expect(Object.values(hopes.devices), 'some device signs').toContain('signs')
}

let database: Database
beforeAll(() => {
  database = pgliteDatabase()
})
afterAll(() => database.close())

test('clients and a server do what the life cycle says, on a network that loses and repeats', async () => {
  const faults = fc.record({
    kind: fc.constantFrom('none', 'lose request', 'lose answer', 'duplicate'),
    at: fc.integer({ min: 1, max: 8 }),
  }) as fc.Arbitrary<Fault>
  const acts = fc
    .tuple(fc.constantFrom<Action>('refresh', 'backup', 'keep', 'retire', 'signAll'), fc.constantFrom(...NAMES), faults)
    .map(([action, name, fault]) => new Act(action, name, fault))
  await fc.assert(
    fc.asyncProperty(fc.commands([acts], { maxCommands: 5 }), async (commands) => {
      const started = await start(database)
      await fc.asyncModelRun(() => started, commands)
    }),
    { numRuns: 4, seed: seededRandom().int(0, 2 ** 31 - 1) },
  )
})

test('a server that retires before proof does not', async () => {
  const found: number[] = []
  for (let at = 1; at <= 8 && found.length === 0; at++) {
    const { model, real } = await start(retiresBeforeProof(database))
    const act = new Act('retire', 'second', { kind: 'lose request', at })
    await act.run(model, real).catch((error: unknown) => {
      expect(String(error)).toContain('sets retired before proof')
      found.push(at)
    })
  }
  expect(found).toHaveLength(1)
})

async function start(on: Database): Promise<{ model: Hopes; real: Real }> {
  const line = await createLine(createCrashWorld(on))
  const devices = new Map(NAMES.map((name) => [name, name === 'first' ? line.owner : line.world.device(name)]))
  return { model: { devices: { first: 'signs', second: 'nothing' } }, real: { line, devices } }
}
