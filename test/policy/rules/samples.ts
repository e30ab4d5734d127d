import { concatHex, toRlp, type Hex } from 'viem'
import type { BitcoinIntent } from '../../../src/policy/bitcoin/index.ts'
import type { SolanaInstruction, SolanaTransactionIntent } from '../../../src/policy/solana/index.ts'
import type { PolicyIntent } from '../../../src/policy/types.ts'
import { authorization, FRIEND, message, RAW, THIEF, token, TOKEN, typedData } from './support.ts'

/** An intent of a kind, and the same with one thing changed, by the name of what is changed. */
export interface Sample {
  readonly intent: PolicyIntent
  readonly changes: Readonly<Record<string, PolicyIntent>>
}

export const [SYSTEM, TOKENS] = ['11111111111111111111111111111111', 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA']
export const [ME, YOU, MINT] = [
  'Me11111111111111111111111111111111111111111',
  'You1111111111111111111111111111111111111111',
  'Mint111111111111111111111111111111111111111',
]
const signed = { r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, yParity: 0 } as const
const PERMIT = 'owner address,spender address,value uint256,nonce uint256,deadline uint256'

function permit(change: { to?: string; value?: number; type?: string; domain?: Record<string, unknown> } = {}) {
  const { to = FRIEND, value = 10, type = 'Permit', domain } = change
  const values = { owner: FRIEND, spender: to, value, nonce: 0, deadline: 1 }
  return typedData(type, { [type]: PERMIT }, values, domain ?? { chainId: 1, verifyingContract: TOKEN })
}

const authorize = (chain: Hex, address: Hex) => authorization(concatHex(['0x05', toRlp([chain, address, '0x'])]))

const output = (amount: bigint, address: string) => ({ amount, script: '00', address, isOwn: false })
function bitcoin(change: Partial<BitcoinIntent> = {}): BitcoinIntent {
  const about = { kind: 'bitcoinTransaction', verified: true, input: 0, sighashType: 1, type: 'p2wpkh' } as const
  return { ...about, version: 2, lockTime: 0, inputs: [], outputs: [output(40n, 'bc1friend')], fee: 10n, ...change }
}

const account = (address: string | null) => ({ address, lookup: null, isSigner: false, isWritable: true })
/** `TransferChecked` of ten units, below 256. */
const transfer = (mint: string, to: string | null, amount: string): SolanaInstruction => ({
  program: TOKENS,
  data: `0c${amount}${'00'.repeat(7)}06`,
  accounts: [ME, mint, to, ME].map(account),
})
function solana(
  instruction: SolanaInstruction,
  change: Partial<SolanaTransactionIntent> = {},
): SolanaTransactionIntent {
  const about = { kind: 'solanaTransaction', verified: true, signer: ME, feePayer: ME, signers: [ME] } as const
  const lifetime = { kind: 'blockhash', blockhash: ME } as const
  const all = { version: 1, priorityFee: 0n, lifetime, instructions: [instruction], lookupTables: [] } as const
  return { ...about, ...all, ...change }
}

const alone = (intent: PolicyIntent): Sample => ({ intent, changes: {} })

/** A sample of every kind. */
export const SAMPLES: Readonly<Record<PolicyIntent['kind'], Sample>> = {
  ethereumTransaction: {
    intent: token('transfer', [FRIEND, 10n]),
    changes: {
      chain: token('transfer', [FRIEND, 10n], { chainId: 137 }),
      'every chain': token('transfer', [FRIEND, 10n], {
        ...{ type: 'legacy', chainId: undefined, gasPrice: 1n },
        ...{ maxFeePerGas: undefined, maxPriorityFeePerGas: undefined },
      }),
      recipient: token('transfer', [THIEF, 10n]),
      amount: token('transfer', [FRIEND, 11n]),
      fee: token('transfer', [FRIEND, 10n], { maxFeePerGas: 2n }),
      contract: token('transfer', [FRIEND, 10n], { to: THIEF }),
      call: token('transferFrom', [FRIEND, FRIEND, 10n]),
      code: token('transfer', [FRIEND, 10n], {
        type: 'eip7702',
        authorizationList: [{ chainId: 1, address: THIEF, nonce: 0, ...signed }],
      }),
    },
  },
  ethereumTypedData: {
    intent: permit(),
    changes: {
      chain: permit({ domain: { chainId: 137, verifyingContract: TOKEN } }),
      'every chain': permit({ domain: { verifyingContract: TOKEN } }),
      recipient: permit({ to: THIEF }),
      amount: permit({ value: 11 }),
      contract: permit({ domain: { chainId: 1, verifyingContract: THIEF } }),
      type: permit({ type: 'Order' }),
    },
  },
  ethereumMessage: alone(message('hello')),
  ethereumAuthorization: {
    intent: authorize('0x01', FRIEND),
    changes: {
      chain: authorize('0x89', FRIEND),
      'every chain': authorize('0x', FRIEND),
      code: authorize('0x01', THIEF),
    },
  },
  bitcoinTransaction: {
    intent: bitcoin(),
    changes: {
      recipient: bitcoin({ outputs: [output(40n, 'bc1thief')] }),
      amount: bitcoin({ outputs: [output(41n, 'bc1friend')] }),
      fee: bitcoin({ fee: 11n }),
      'fee without proof': bitcoin({ fee: null }),
    },
  },
  bitcoinMessage: alone({
    kind: 'bitcoinMessage',
    verified: true,
    type: 'p2wpkh',
    address: 'bc1me',
    data: '',
    text: '',
  }),
  solanaTransaction: {
    intent: solana(transfer(MINT, YOU, '0a')),
    changes: {
      recipient: solana(transfer(MINT, ME, '0a')),
      amount: solana(transfer(MINT, YOU, '0b')),
      fee: solana(transfer(MINT, YOU, '0a'), { priorityFee: 1n }),
      mint: solana(transfer(ME, YOU, '0a')),
      call: solana({ ...transfer(MINT, YOU, '0a'), data: '0600' }),
      program: solana({ ...transfer(MINT, YOU, '0a'), program: SYSTEM }),
      'lookup table': solana(transfer(MINT, null, '0a')),
    },
  },
  solanaMessage: alone({ kind: 'solanaMessage', verified: true, signer: ME, data: '', text: '', signIn: null }),
  solanaOffchainMessage: alone({
    ...{ kind: 'solanaOffchainMessage', verified: true, signer: ME, signers: [ME] },
    ...{ version: 0, applicationDomain: ME, format: 0, text: '' },
  } as never),
  raw: alone(RAW),
}
