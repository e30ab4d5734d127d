import type { SolanaInstruction, SolanaIntent, SolanaTransactionIntent } from 'reshare/policy/solana'
import { solText } from '../amounts.ts'
import { visibleText } from '../texts.ts'
import type { SignedWords } from './signed-words.ts'

const SYSTEM_PROGRAM = '11111111111111111111111111111111'

/** What is signed for Solana, in words. */
export function solanaWords(intent: SolanaIntent): SignedWords {
  if (intent.kind === 'solanaTransaction') return transactionWords(intent)
  const text = intent.kind === 'solanaMessage' ? (intent.text ?? intent.data) : intent.text
  return { title: 'Sign a message for Solana', rows: [{ label: 'Message', value: visibleText(text) }] }
}

function transactionWords({ instructions, feePayer, signer }: SolanaTransactionIntent): SignedWords {
  const transfers = instructions.map(transferOf)
  const known = transfers.filter((transfer) => transfer !== undefined)
  const [only] = known
  const isPayment = instructions.length === 1 && only !== undefined
  return {
    title: isPayment ? `Send ${solText(only.lamports)}` : 'Call programs of Solana',
    rows: [
      ...instructions.map((instruction, index) => instructionRow(instruction, transfers[index])),
      { label: 'Fee', value: feePayer === signer ? 'you pay it' : `paid by ${feePayer}` },
    ],
    ...(known.length < instructions.length && { warning: 'What the programs do with it is not known here.' }),
  }
}

interface Transfer {
  readonly to: string
  readonly lamports: bigint
}

function instructionRow({ program, data }: SolanaInstruction, transfer: Transfer | undefined) {
  if (transfer === undefined) return { label: `Program ${program}`, value: data === '' ? 'without data' : data }
  return { label: 'To', value: `${solText(transfer.lamports)} to ${transfer.to}` }
}

/** `Transfer` of the system program, exactly: index 2 u32 and lamports u64, little-endian. */
function transferOf({ program, accounts, data }: SolanaInstruction): Transfer | undefined {
  const to = accounts[1]?.address
  const [, lamports] = /^02000000([0-9a-f]{16})$/.exec(data) ?? []
  if (program !== SYSTEM_PROGRAM || accounts.length !== 2 || !to || lamports === undefined) return undefined
  return { to, lamports: BigInt(`0x${lamports.match(/../g)!.reverse().join('')}`) }
}
