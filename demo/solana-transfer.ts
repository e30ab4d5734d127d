import {
  AccountRole,
  address,
  appendTransactionMessageInstruction,
  createTransactionMessage,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
  type Address,
  type Blockhash,
  type SendableTransaction,
  type Transaction,
  type TransactionSigner,
} from '@solana/kit'

const SYSTEM_PROGRAM = address('11111111111111111111111111111111')

/** A signed transfer of lamports; `payer` pays the fee. */
export async function signedTransfer(
  blockhash: Blockhash,
  from: TransactionSigner,
  to: Address,
  amount: bigint,
  payer: TransactionSigner = from,
): Promise<SendableTransaction & Transaction> {
  const lifetime = { blockhash, lastValidBlockHeight: 0n }
  return signTransactionMessageWithSigners(
    pipe(
      createTransactionMessage({ version: 0 }),
      (message) => setTransactionMessageFeePayerSigner(payer, message),
      (message) => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
      (message) => appendTransactionMessageInstruction(transfer(from, to, amount), message),
    ),
  )
}

/** The system program's `Transfer`: index u32 and lamports u64, little-endian. */
function transfer(from: TransactionSigner, to: Address, amount: bigint) {
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
