import type { Address, SendableTransaction, Transaction, TransactionSigner } from '@solana/kit'
import type { LiteSVM } from 'litesvm'
import { signedTransfer as signedTransferAt } from '../../demo/solana-transfer.ts'

export const SOL = 1_000_000_000n

/** A signed transfer of lamports, by the chain's latest blockhash; `payer` pays the fee. */
export async function signedTransfer(
  chain: LiteSVM,
  from: TransactionSigner,
  to: Address,
  amount: bigint,
  payer?: TransactionSigner,
): Promise<SendableTransaction & Transaction> {
  return signedTransferAt(chain.latestBlockhash(), from, to, amount, payer)
}
