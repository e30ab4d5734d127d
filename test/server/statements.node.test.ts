import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/server/context.ts'
import { databaseKinds } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { ClientOperation, play, type ServerClient } from '../support/server-client.ts'
import { exportSide } from '../support/export-side.ts'
import { countingDatabase } from './support/counting.ts'
import { deviceServer, newDevice, type DeviceServer } from './support/devices.ts'
import { TestJoin } from './support/joins.ts'
import {
  backup,
  complete,
  generate,
  newBackup,
  newWallet,
  preprocess,
  preprocessed,
  prove,
  recover,
  refresh,
  setIdOf,
  setup,
  sign,
  signEcdsa,
  type TestWallet,
  walletOf,
} from './support/wallets.ts'
import { createWorld, type World } from './support/world.ts'

/** What an operation of one round may ask of the database. */
const ONE_ROUND = 6
/** What one round of another may ask. */
const SEVERAL_ROUNDS = 8
const PROOF_THAT_RETIRES_ONE = 16
const EXPORT_THAT_IS_JUDGED = 13
const FIRST_OF_JOIN = 10

describe.each(databaseKinds)('on $name', ({ open }) => {
  let database: ReturnType<typeof countingDatabase>
  let world: World
  let of: DeviceServer['client']
  let client: ServerClient
  let wallet: TestWallet

  beforeAll(async () => {
    database = countingDatabase(await open())
    world = createWorld(database, seededRandom())
    await world.server().sweep()
    // With rates and lock-out, a device, and what names a sealed request: all that a request may have to ask about.
    of = deviceServer(world, { limits: DEFAULT_LIMITS }).client
    client = of('ann', newDevice(world), 'sealed')
    wallet = await newWallet(client)
  })
  afterAll(() => database.close())

  /** @returns what each round has asked */
  async function count(operation: ClientOperation) {
    const rounds: ReturnType<typeof database.take>[] = []
    while (operation.body !== undefined) {
      database.take()
      const answer = await operation.post()
      rounds.push(database.take())
      operation.take(answer)
    }
    return rounds
  }

  const oneRound: Record<string, () => ClientOperation | Promise<ClientOperation>> = {
    'sign ed25519': () => sign(client, wallet.signing),
    'sign bip340': () => sign(client, wallet.signing, 'bip340'),
    'sign ecdsa, preprocessed': async () => complete(client, wallet, await preprocessed(client, wallet)),
  }
  test.each(Object.entries(oneRound))('%s begins, plays and stores in one transaction', async (_, make) => {
    const [round, ...more] = await count(await make())
    expect(more).toEqual([])
    expect(round!.transactions).toBe(1)
    expect(round!.statements, round!.said.join('\n')).toBeLessThanOrEqual(ONE_ROUND)
  })

  const retire = { existingSets: 'retire', rotateBackup: 'PASSKEY' } as const
  /** By operation: what each of its rounds asks at most. */
  const severalRounds: Record<
    string,
    readonly [bounds: readonly number[], make: () => ClientOperation | Promise<ClientOperation>]
  > = {
    generate: [[7, 7], () => generate(client)],
    backup: [[7, 7, 7], () => backup(client, wallet)],
    'recover, keep': [[8, 7, 6], async () => recover(client, await newBackup(client, wallet))],
    'recover, rotate': [
      [8, 8, 7],
      async () => recover(client, await newBackup(client, wallet), { rotateBackup: 'PASSKEY' }),
    ],
    'recover, retire and rotate': [[8, 8, 8], async () => recover(client, await newBackup(client, wallet), retire)],
    refresh: [[8, 7, 7], () => refresh(client, wallet)],
    prove: [[7, 7], () => prove(client, wallet.signing)],
    preprocess: [[7, 7], () => preprocess(client, wallet)],
    'sign ecdsa': [[7, 6], () => signEcdsa(client, wallet)],
    setup: [[7, 7], () => setup(client, wallet)],
  }
  test.each(Object.entries(severalRounds))('%s asks little in each round', async (_, [bounds, make]) => {
    expect(Math.max(...bounds)).toBeLessThanOrEqual(SEVERAL_ROUNDS)
    const rounds = await count(await make())
    const asked = rounds.map(({ statements }) => statements)
    expect(asked, rounds.map(({ said }) => said.join('\n')).join('\n\n')).toEqual(bounds)
  })

  test('a join asks little in each round of its two devices, and a poll once besides its device', async () => {
    const joiningDeviceId = newDevice(world)
    const join = new TestJoin(client, of('ann', joiningDeviceId, 'sealed'), wallet.signing, { joiningDeviceId })
    const rounds: ReturnType<typeof database.take>[] = []
    for (const round of [1, 2, 3, 4]) {
      await join.make(round)
      database.take()
      const answer = await join.post(round)
      rounds.push(database.take())
      join.take(round, answer)
    }
    const said = rounds.map((round) => round.said.join('\n')).join('\n\n')
    expect(
      rounds.map(({ statements }) => statements),
      said,
    ).toEqual([FIRST_OF_JOIN, 5, 7, 8])
    await join.poll(4)
    expect(database.take().statements).toBe(2)
  })

  // docs/internals/bench.md says which statements these are, and why.
  test('a proof asks more where it retires sets, and an export where it is judged', async () => {
    const device = await newWallet(client)
    const refreshed = walletOf(await play(refresh(client, device)))
    const [, proof] = await count(prove(client, refreshed.signing))
    expect(proof!.statements, proof!.said.join('\n')).toBe(PROOF_THAT_RETIRES_ONE)
    const { walletId, signing } = wallet
    const { receiver } = exportSide(signing, 'ed25519', client.random)
    const request = { kind: 'export', walletId, setId: setIdOf(signing), curve: 'ed25519' } as const
    const asking = new ClientOperation(client, { ...request, authorization: 'yes', receiver }, signing)
    database.take()
    expect((await asking.post()).status).toBe(200)
    const first = database.take()
    expect(first.statements, first.said.join('\n')).toBe(EXPORT_THAT_IS_JUDGED)
  })
})
