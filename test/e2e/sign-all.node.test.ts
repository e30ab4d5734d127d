import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Transaction } from '@scure/btc-signer'
import { bitcoinSigner } from '../../src/adapters/bitcoin/index.ts'
import { createClient, generateWallet, sign, signAll, type Transport } from '../../src/index.ts'
import { createPolicy, maximum, maximumPerPeriod, all } from '../../src/policy/index.ts'
import { bitcoinIntents } from '../../src/policy/bitcoin/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { expectValid, spending } from '../adapters/bitcoin/transactions.ts'
import { seededRandom } from '../support/random.ts'
import { databaseKinds } from './support/databases.ts'
import { deploy, type Deployment } from './support/deployment.ts'

const INPUTS = 20
/** What each coin of the tests has. */
const COIN = 50_000n

describe.each(databaseKinds)('signAll on $name, over HTTP', ({ open }) => {
  let database: Database
  let deployment: Deployment

  beforeAll(async () => {
    database = await open()
    const limits = { bitcoin: BigInt(INPUTS) * COIN }
    const rule = all(maximum(limits), maximumPerPeriod(limits, { periodMs: 3_600_000 }))
    const policy = createPolicy({ sign: rule, others: () => true })
    deployment = await deploy(database, policy, 'refuse', { intents: [bitcoinIntents({ network: 'regtest' })] })
  })
  afterAll(async () => {
    await deployment.close()
    await database.close()
  })

  async function walletOwner(name: string) {
    const inner = await deployment.transportFor(name)
    const rounds: string[] = []
    const transport: Transport = {
      request(request) {
        if (request.path.includes('/rounds/')) rounds.push(request.path)
        return inner.request(request)
      },
    }
    const client = createClient({ transport, storage: memoryStore(), pool: { size: 0 } })
    const { id: walletId } = await generateWallet(client)
    // The proof of the new set is not to be counted, and nothing but Bitcoin is signed here.
    const denied = sign(client, { walletId, scheme: 'ed25519', message: new Uint8Array(1) })
    await expect(denied).rejects.toMatchObject({ code: 'POLICY_DENIED' })
    rounds.length = 0
    return { client, walletId, rounds }
  }

  test('a PSBT of 20 inputs takes two requests, and counts once', async () => {
    const { client, walletId, rounds } = await walletOwner('owner')
    const signer = await bitcoinSigner(client, { walletId, paths: ['m', 'm/1'], network: 'regtest' })
    const coins = Array.from({ length: INPUTS }, (_, i) => signer.outputs[i % signer.outputs.length]!)
    const random = seededRandom('coins')
    const psbt = spending(random, coins).toPSBT()
    const signed = Transaction.fromPSBT(await signer.signPsbt(psbt))
    expect(rounds.map((path) => path.slice(-1))).toEqual(['1', '2'])
    signed.finalize()
    expectValid(signed.extract(), coins)
    // All of the period is used: each input by itself would have been denied before.
    await expect(signer.signPsbt(spending(random, coins.slice(0, 1)).toPSBT())).rejects.toMatchObject({
      code: 'POLICY_DENIED',
    })
  })

  test('several digests of which nobody knows what they are of are denied', async () => {
    const { client, walletId } = await walletOwner('splitter')
    const items = [1, 2].map((i) => ({ scheme: 'ecdsa', digest: new Uint8Array(32).fill(i) }) as const)
    await expect(signAll(client, { walletId, items })).rejects.toMatchObject({ code: 'POLICY_DENIED' })
  })
})
