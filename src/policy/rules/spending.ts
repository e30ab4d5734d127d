import type { BitcoinIntent } from '../bitcoin/types.ts'
import type { EthereumTransactionIntent, EthereumTypedDataIntent } from '../ethereum/types.ts'
import type { PolicyIntent } from '../types.ts'
import { permitOf, tokenCallOf } from './ethereum-calls.ts'
import { paymentsOf } from './solana-calls.ts'

/**
 * An asset: `ethereum:<chain>` for the chain's own coin, `ethereum:<chain>:<token>` for a token of ERC-20, `bitcoin`,
 * `solana`, `solana:<mint>`.
 */
export type Asset = string

/** What a signature gives away, or lets others take. */
export interface Spending {
  readonly asset: Asset
  /** In the asset's smallest unit. */
  readonly amount: bigint
  /** Who gets it or may take it; null for fees. Addresses of Ethereum are in lower case. */
  readonly to: string | null
}

/** All that a signature gives away, fees included; undefined if it is not understood. */
export function spendingOf(intent: PolicyIntent): readonly Spending[] | undefined {
  switch (intent.kind) {
    case 'ethereumTransaction':
      return ofTransaction(intent)
    case 'ethereumTypedData':
      return ofTypedData(intent)
    case 'bitcoinTransaction':
      return ofBitcoin(intent)
    case 'solanaTransaction': {
      const paid = paymentsOf(intent)
      if (paid === undefined) return undefined
      const payments = paid.payments.map(({ mint, to, amount }) => ({
        asset: mint === null ? 'solana' : `solana:${mint}`,
        amount,
        to,
      }))
      return [...payments, { asset: 'solana', amount: paid.fee, to: null }]
    }
    default:
      return undefined
  }
}

function ofTransaction(transaction: EthereumTransactionIntent): readonly Spending[] | undefined {
  const { chainId, to, value, data, maxFee, authorizations } = transaction
  if (chainId === null || to === null || authorizations.length > 0) return undefined
  const coin = `ethereum:${chainId}`
  const fee = { asset: coin, amount: maxFee, to: null }
  const recipient = to.toLowerCase()
  if (data === '0x') return [{ asset: coin, amount: value, to: recipient }, fee]
  const call = tokenCallOf(transaction)
  if (call === undefined) return undefined
  const sent = value === 0n ? [] : [{ asset: coin, amount: value, to: recipient }]
  return [{ asset: `${coin}:${recipient}`, ...call }, ...sent, fee]
}

function ofTypedData(typedData: EthereumTypedDataIntent): readonly Spending[] | undefined {
  const { chainId } = typedData.domain
  const permit = permitOf(typedData)
  if (permit === undefined || chainId === undefined) return undefined
  return [{ asset: `ethereum:${chainId}:${permit.token}`, amount: permit.amount, to: permit.to }]
}

/** What leaves the key: change to another key of the wallet counts as a payment. */
function ofBitcoin({ outputs, fee }: BitcoinIntent): readonly Spending[] | undefined {
  if (fee === null) return undefined
  const paid = outputs.filter(({ isOwn }) => !isOwn)
  const payments = paid.map(({ amount, address, script }) => ({ asset: 'bitcoin', amount, to: address ?? script }))
  return [...payments, { asset: 'bitcoin', amount: fee, to: null }]
}

/** DEFAULT and ALL: the signature is of the whole transaction. */
const WHOLE: readonly number[] = [0, 1]

/**
 * Names the transaction of a Bitcoin input whose signature is valid in this transaction alone, by all that has a part in its id
 * but the scripts of other kinds of inputs; undefined for all other intents.
 */
export function transactionOf(intent: PolicyIntent): string | undefined {
  if (intent.kind !== 'bitcoinTransaction' || !WHOLE.includes(intent.sighashType)) return undefined
  const { version, lockTime, inputs, outputs } = intent
  const spent = inputs.map(({ txid, index, sequence }) => [txid, index, sequence])
  return JSON.stringify([version, lockTime, spent, outputs.map(({ amount, script }) => [String(amount), script])])
}
