// A signing server that knows what it signs, and tells the app's backend what happens. In this program it has one wallet.
import { randomBytes } from 'node:crypto'
import { createClient, generateWallet, isMpcError, type RequiredApproval } from 'reshare'
import { ethereumIntents } from 'reshare/policy/ethereum'
import { createServer } from 'reshare/server'
import { pgliteDatabase } from 'reshare/server/pglite'
import { memoryStore } from 'reshare/storage'
import { inProcessTransport } from 'reshare/transport'
import { ethereumAccount } from 'reshare/viem'
import { keccak256, parseEther, parseGwei, toHex, type Address } from 'viem'
import { CHAIN, createLoggedPolicy, SHOP } from './policy.js'

const { RESHARE_EVENTS_URL, RESHARE_EVENTS_SECRET } = process.env
if (!RESHARE_EVENTS_URL || !RESHARE_EVENTS_SECRET) {
  throw new Error('RESHARE_EVENTS_URL and RESHARE_EVENTS_SECRET must be set')
}

const STRANGER = '0x000000000000000000000000000000000000dEaD'
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const failures: unknown[] = []

const database = pgliteDatabase() // in memory; see examples/hono-postgres-server for one that lasts
const server = createServer({
  database,
  masterKey: randomBytes(32),
  authenticate: () => ({ clientId: 'ann' }), // your login
  intents: [ethereumIntents()],
  policy: createLoggedPolicy((reasons) => print(`  the server's log: ${reasons.join('; ')}`)),
  events: { url: RESHARE_EVENTS_URL, secrets: [RESHARE_EVENTS_SECRET] },
  onError: (error) => failures.push(error),
})

async function main(): Promise<void> {
  const client = createClient({ transport: inProcessTransport(server), storage: memoryStore() })
  const wallet = await generateWallet(client)
  const account = await ethereumAccount(client, { walletId: wallet.id })

  let nonce = 0
  const pay = (to: Address, ether: string) =>
    account.signTransaction({
      type: 'eip1559',
      chainId: CHAIN,
      nonce,
      to,
      value: parseEther(ether),
      gas: 21_000n,
      maxFeePerGas: parseGwei('20'),
      maxPriorityFeePerGas: parseGwei('1'),
    })
  const order = (primaryType: 'Order' | 'Refund') =>
    account.signTypedData({
      domain: { chainId: CHAIN, verifyingContract: SHOP },
      types: { [primaryType]: [{ name: 'item', type: 'string' }] },
      primaryType,
      message: { item: 'a book' },
    })

  print(`0.05 ether to the shop: ${await pay(SHOP, '0.05')}`)
  nonce += 1
  await denied('2 ether to the shop', pay(SHOP, '2'))
  await denied('0.05 ether to a stranger', pay(STRANGER, '0.05'))
  print(`an order of the shop: ${await order('Order')}`)
  await denied('a refund in the shop’s domain', order('Refund'))
  await denied('a digest of nobody knows what', account.sign({ hash: keccak256(toHex('anything')) }))

  const { approvalId } = await asked('0.5 ether to the shop', pay(SHOP, '0.5'))
  // Your backend does this, once somebody has agreed; the event `approval.requested` tells it of the request.
  await server.approvals.approve({ clientId: 'ann', approvalId, by: 'bookkeeping' })
  print(`approved: ${await pay(SHOP, '0.5')}`)

  // A server calls it every second or so.
  await server.deliverEvents()
  if (failures.length > 0) throw new Error('the server has failed', { cause: failures[0] })
}

/** @throws {Error} if it is signed, or fails in another way */
async function denied(what: string, signing: Promise<unknown>): Promise<void> {
  print(`${what}: ${(await refusal(signing, 'POLICY_DENIED')).message}`)
}

/** @throws {Error} if it is signed at once, or fails in another way */
async function asked(what: string, signing: Promise<unknown>): Promise<RequiredApproval> {
  const { approval } = await refusal(signing, 'APPROVAL_REQUIRED')
  if (approval === undefined) throw new Error('the response has no approval')
  print(`${what}: APPROVAL_REQUIRED: ${approval.reason}`)
  return approval
}

async function refusal(signing: Promise<unknown>, code: string) {
  const error: unknown = await signing.then(
    () => new Error('it was signed'),
    (reason: unknown) => reason,
  )
  if (!isMpcError(error) || error.code !== code) throw error
  return error
}

await main().finally(() => database.close())
