// SOL is sent from the wallet's address: kit builds the transaction, the wallet signs it, a chain executes it.
import {
  AccountRole,
  address,
  appendTransactionMessageInstruction,
  blockhash,
  createTransactionMessage,
  generateKeyPairSigner,
  getSignatureFromTransaction,
  lamports,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
  type Address,
} from '@solana/kit'
import { FailedTransactionMetadata, LiteSVM } from 'litesvm'
import { createFrostClient, generateWallet, isMpcError } from 'reshare'
import { solanaSigner, type SolanaSigner } from 'reshare/solana'
import { memoryStore } from 'reshare/storage'
import { httpTransport } from 'reshare/transport'

const { RESHARE_URL, RESHARE_TOKEN } = process.env
if (!RESHARE_URL || !RESHARE_TOKEN) throw new Error('RESHARE_URL and RESHARE_TOKEN must be set')

const SYSTEM_PROGRAM = address('11111111111111111111111111111111')
const SOL = 1_000_000_000n

const transport = httpTransport(RESHARE_URL, { headers: () => ({ authorization: `Bearer ${RESHARE_TOKEN}` }) })
const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(): Promise<void> {
  // Solana needs no ECDSA: this client has a smaller bundle, and its wallets are made sooner.
  const client = createFrostClient({ transport, storage: memoryStore() })
  const wallet = await generateWallet(client)
  const signer = await solanaSigner(client, { walletId: wallet.id })
  print(`the wallet's address is ${signer.address}`)

  // The chain is in this process. With a cluster it is kit's `createSolanaRpc(url)` and `sendAndConfirmTransactionFactory`.
  const chain = new LiteSVM()
  const { address: recipient } = await generateKeyPairSigner()
  chain.airdrop(signer.address, lamports(2n * SOL))

  const transaction = await transfer(signer, recipient, SOL / 2n, chain.latestBlockhash())
  const outcome = chain.sendTransaction(transaction)
  if (outcome instanceof FailedTransactionMetadata) throw new Error(`the transfer failed: ${outcome.toString()}`)
  print(`sent ${getSignatureFromTransaction(transaction)}`)
  print(`the recipient has ${chain.getBalance(recipient)} lamports, the wallet ${chain.getBalance(signer.address)}`)
}

/** A signed transfer, of which the sender pays the fee. */
function transfer(from: SolanaSigner, to: Address, amount: bigint, recent: string) {
  const lifetime = { blockhash: blockhash(recent), lastValidBlockHeight: 0n }
  return signTransactionMessageWithSigners(
    pipe(
      createTransactionMessage({ version: 0 }),
      (message) => setTransactionMessageFeePayerSigner(from, message),
      (message) => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
      (message) => appendTransactionMessageInstruction(transferInstruction(from, to, amount), message),
    ),
  )
}

/** The system program's `Transfer`: index u32 and lamports u64, little-endian. @solana-program/system has it ready. */
function transferInstruction(from: SolanaSigner, to: Address, amount: bigint) {
  const data = new DataView(new ArrayBuffer(12))
  data.setUint32(0, 2, true)
  data.setBigUint64(4, amount, true)
  return {
    programAddress: SYSTEM_PROGRAM,
    accounts: [
      { address: from.address, role: AccountRole.WRITABLE_SIGNER as const, signer: from },
      { address: to, role: AccountRole.WRITABLE as const },
    ],
    data: new Uint8Array(data.buffer),
  }
}

await main().catch((error: unknown) => {
  if (!isMpcError(error)) throw error
  process.stderr.write(`${error.code}: ${error.message}${error.retryable ? ' (try again)' : ''}\n`)
  process.exitCode = 1
})
