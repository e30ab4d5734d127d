import { fromHex } from '../../util/bytes.ts'
import type { SolanaInstruction, SolanaTransactionIntent } from '../solana/types.ts'

const SYSTEM = '11111111111111111111111111111111'
const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111'
const TOKENS: readonly string[] = [
  'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA',
  'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb',
]

/** Lamports for each signature. */
const SIGNATURE_FEE = 5_000n
/** The most units of compute that a transaction may have. */
const MOST_UNITS = 1_400_000n

/** A payment by an instruction, or an approval of one. */
export interface SolanaPayment {
  /** The address of the mint; null for lamports. */
  readonly mint: string | null
  /** The account that gets it, or the delegate that may take it. */
  readonly to: string
  readonly amount: bigint
}

/** What a transaction pays, and at most as its fee. */
export interface SolanaPayments {
  readonly payments: readonly SolanaPayment[]
  /** In lamports; zero if another account pays it. */
  readonly fee: bigint
}

/**
 * What a transaction pays: transfers of lamports, and checked transfers and approvals of tokens, which name their mint. Undefined
 * if an instruction is of another kind, or names an account of a lookup table where it matters.
 */
export function paymentsOf(transaction: SolanaTransactionIntent): SolanaPayments | undefined {
  const payments: SolanaPayment[] = []
  let [limit, price] = [MOST_UNITS, 0n]
  for (const instruction of transaction.instructions) {
    const data = fromHex(instruction.data)
    if (instruction.program === COMPUTE_BUDGET) {
      // SetComputeUnitLimit: u32. SetComputeUnitPrice: u64, in millionths of a lamport.
      if (data[0] === 2 && data.length === 5) limit = little(data, 1, 4)
      else if (data[0] === 3 && data.length === 9) price = little(data, 1, 8)
      // RequestHeapFrame and SetLoadedAccountsDataSizeLimit cost nothing.
      else if ((data[0] !== 1 && data[0] !== 4) || data.length !== 5) return undefined
      continue
    }
    const payment = paymentOf(instruction, data)
    if (payment === undefined) return undefined
    payments.push(payment)
  }
  if (transaction.feePayer !== transaction.signer) return { payments, fee: 0n }
  const priority = transaction.priorityFee ?? (limit * price + 999_999n) / 1_000_000n
  return { payments, fee: SIGNATURE_FEE * BigInt(transaction.signers.length) + priority }
}

function paymentOf({ program, accounts }: SolanaInstruction, data: Uint8Array): SolanaPayment | undefined {
  const address = (index: number) => accounts[index]?.address ?? undefined
  if (program === SYSTEM) {
    // Transfer: u32, u64 lamports; from, to.
    const to = address(1)
    if (data.length !== 12 || little(data, 0, 4) !== 2n || to === undefined) return undefined
    return { mint: null, to, amount: little(data, 4, 8) }
  }
  if (!TOKENS.includes(program) || data.length !== 10) return undefined
  // TransferChecked: source, mint, destination. ApproveChecked: source, mint, delegate. u8, u64 amount, u8 decimals.
  const [mint, to] = [address(1), address(2)]
  if ((data[0] !== 12 && data[0] !== 13) || mint === undefined || to === undefined) return undefined
  return { mint, to, amount: little(data, 1, 8) }
}

function little(bytes: Uint8Array, from: number, length: number): bigint {
  return bytes.subarray(from, from + length).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n)
}
