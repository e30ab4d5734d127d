// A PSBT is made, signed by the wallet's Taproot and SegWit keys, and finalized into a transaction that a node would take.
import { p2wpkh, TEST_NETWORK, Transaction } from '@scure/btc-signer'
import { createClient, generateWallet, isMpcError, type Client } from 'reshare'
import { bitcoinSigner, type OwnedOutput } from 'reshare/bitcoin'
import { memoryStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

const { RESHARE_URL, RESHARE_TOKEN } = process.env
if (!RESHARE_URL || !RESHARE_TOKEN) throw new Error('RESHARE_URL and RESHARE_TOKEN must be set')

const transport = httpTransport(RESHARE_URL, { headers: () => ({ authorization: `Bearer ${RESHARE_TOKEN}` }) })
const print = (line: string): void => void process.stdout.write(`${line}\n`)

/** Whom the sample pays: the public key is that of the private key 1. */
const RECIPIENT_KEY = Buffer.from('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex')

async function main(): Promise<void> {
  const client = createClient({ transport, storage: memoryStore() })
  const wallet = await generateWallet(client)
  await signSample(client, wallet.id)
}

async function signSample(client: Client, walletId: string): Promise<void> {
  // Addresses to receive at are below m/0, those for change below m/1. Each path has a SegWit and a Taproot address.
  const signer = await bitcoinSigner(client, { walletId, network: 'testnet', paths: ['m/0/0', 'm/1/0'] })
  const received = signer.outputs.filter(({ path }) => path === 'm/0/0')
  const change = signer.outputs.find(({ path, type }) => path === 'm/1/0' && type === 'p2tr')
  if (change === undefined) throw new Error('the signer has no change address')
  for (const { type, address } of received) print(`receives at ${address} (${type})`)

  const psbt = makePsbt(received, change)
  // Everything is checked before anything is signed: whose inputs they are, the amounts, the fee (see docs/adapters.md).
  const signed = Transaction.fromPSBT(await signer.signPsbt(psbt, { maxFee: 5_000n }))
  signed.finalize()
  print(`fee ${signed.fee} satoshi`)
  print(`signed ${signed.id}`)
  print(signed.hex)
}

/** Spends one coin of each address. Your node or an indexer knows the coins; these were never paid. */
function makePsbt(received: readonly OwnedOutput[], change: OwnedOutput): Uint8Array {
  const funding = new Transaction()
  funding.addInput({ txid: '11'.repeat(32), index: 0 })
  for (const { script } of received) funding.addOutput({ script, amount: 50_000n })

  const transaction = new Transaction()
  for (const index of received.keys()) {
    // The transaction that paid the coin proves its amount.
    transaction.addInput({ txid: funding.id, index, nonWitnessUtxo: funding.toBytes(true, false) })
  }
  const { address } = p2wpkh(RECIPIENT_KEY, TEST_NETWORK)
  if (address === undefined) throw new Error('the recipient has no address')
  transaction.addOutputAddress(address, 60_000n, TEST_NETWORK)
  transaction.addOutput({ script: change.script, amount: 39_000n })
  return transaction.toPSBT()
}

await main().catch((error: unknown) => {
  // What the signer refuses about a PSBT is a RangeError, before anything is signed.
  if (!isMpcError(error) && !(error instanceof RangeError)) throw error
  process.stderr.write(`${isMpcError(error) ? error.code : 'refused'}: ${error.message}\n`)
  process.exitCode = 1
})
