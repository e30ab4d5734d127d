import {
  AccountRole,
  address,
  appendTransactionMessageInstruction,
  createTransactionMessage,
  generateKeyPairSigner,
  lamports,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
  type Address,
  type SignatureBytes,
} from '@solana/kit'
import { FailedTransactionMetadata, LiteSVM, TransactionMetadata } from 'litesvm'
import { expect, test } from 'vitest'
import { createSolanaSigner, type SolanaSigner } from '../../../src/adapters/solana/signer.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const SYSTEM_PROGRAM = address('11111111111111111111111111111111')
const SOL = 1_000_000_000n

/** The system program's `Transfer`: index u32 little-endian, lamports u64 little-endian. */
function transfer(from: SolanaSigner, to: Address, amount: bigint) {
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

async function richSigner(chain: LiteSVM): Promise<SolanaSigner> {
  const signer = await createSolanaSigner(fakeWallet(seededRandom()))
  chain.airdrop(signer.address, lamports(10n * SOL))
  return signer
}

test('a transfer is executed, and not with another signature', async () => {
  const chain = new LiteSVM()
  const signer = await richSigner(chain)
  const { address: recipient } = await generateKeyPairSigner()
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (empty) => setTransactionMessageFeePayerSigner(signer, empty),
    (paid) =>
      setTransactionMessageLifetimeUsingBlockhash(
        { blockhash: chain.latestBlockhash(), lastValidBlockHeight: 0n },
        paid,
      ),
    (timed) => appendTransactionMessageInstruction(transfer(signer, recipient, SOL), timed),
  )
  const signed = await signTransactionMessageWithSigners(message)
  const wrong = signed.signatures[signer.address]!.slice() as SignatureBytes
  wrong[40]! ^= 1
  const refused = chain.sendTransaction({ ...signed, signatures: { [signer.address]: wrong } })
  expect(refused).toBeInstanceOf(FailedTransactionMetadata)
  expect(chain.sendTransaction(signed)).toBeInstanceOf(TransactionMetadata)
  expect(chain.getBalance(recipient)).toBe(SOL)
})

test('signs beside another signer who pays', async () => {
  const chain = new LiteSVM()
  const signer = await richSigner(chain)
  const payer = await generateKeyPairSigner()
  chain.airdrop(payer.address, lamports(SOL))
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    (empty) => setTransactionMessageFeePayerSigner(payer, empty),
    (paid) =>
      setTransactionMessageLifetimeUsingBlockhash(
        { blockhash: chain.latestBlockhash(), lastValidBlockHeight: 0n },
        paid,
      ),
    (timed) => appendTransactionMessageInstruction(transfer(signer, payer.address, SOL), timed),
  )
  const result = chain.sendTransaction(await signTransactionMessageWithSigners(message))
  expect(result).toBeInstanceOf(TransactionMetadata)
  expect(chain.getBalance(signer.address)).toBe(9n * SOL)
})
