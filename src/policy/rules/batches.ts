import { assertMethods, assertObject } from '../../util/arguments.ts'
import { decodeBatch, isExecute } from '../../util/erc7821.ts'
import type { EthereumTransactionIntent } from '../ethereum/types.ts'
import type { PolicyIntent } from '../types.ts'
import { addressSet } from './ethereum.ts'
import { judgeAll, type Rule, type SignatureRequest, type Verdict } from './rule.ts'

/** Options of {@link batches}. */
export interface BatchesOptions {
  /** The contracts whose code a batch may give to the account (EIP-7702), in any case. */
  readonly delegates: readonly string[]
}

/**
 * Judges the calls of a batch by a rule: `execute` of ERC-7821, which an account with code calls on itself, as `wallet_sendCalls` of
 * the viem adapter does. The rule has to allow each call as if it was a transaction, and all of them together, so that limits hold
 * for their sum. The fee counts once. Everything that is no batch is judged by the rule as it is.
 *
 * Denied are batches of another mode, with opData, without calls or with more than 256, with a call of the account itself or of the
 * zero address (which means the account itself), with a value of their own, and in any other than the canonical form. An authorization
 * list has to have one entry, for one of `delegates`.
 *
 * The rule sees calls with addresses in lower case, and the fee, gas and access list in the first one alone.
 *
 * @throws {TypeError} if it is no rule, or `delegates` are no addresses
 *
 * @example
 * const rule = batches(maximum({ 'ethereum:1': 10n ** 17n }), { delegates: ['0x70997970C51812dc3A010C7d01b50e0d17dc79C8'] })
 */
export function batches(rule: Rule, options: BatchesOptions): Rule {
  assertMethods(rule, ['judge'], 'rule')
  const allowed = addressSet(assertObject(options, 'batches').delegates, 'delegates')
  const judgeCalls = (requests: readonly SignatureRequest[]): Verdict => {
    const lists = requests.map((request) => requestsOf(request, allowed))
    const wrong = lists.filter((list) => typeof list === 'string')
    if (wrong.length > 0) return { allowed: false, reasons: wrong.map((why) => `batches: ${why}`) }
    const calls = (lists as (readonly SignatureRequest[])[]).flat()
    const denied = calls.map((call) => rule.judge(call)).find((verdict) => !verdict.allowed)
    const verdict = denied ?? judgeAll(rule, calls)
    const said = denied === undefined ? 'are judged together' : 'are judged, and one is denied'
    return { ...verdict, reasons: [`batches: ${calls.length} calls ${said}`, ...verdict.reasons] }
  }
  return {
    judge: (request) => (isBatch(request.intent) ? judgeCalls([request]) : rule.judge(request)),
    judgeAll: (requests) =>
      requests.some(({ intent }) => isBatch(intent)) ? judgeCalls(requests) : judgeAll(rule, requests),
  }
}

function isBatch(intent: PolicyIntent): intent is EthereumTransactionIntent {
  if (intent.kind !== 'ethereumTransaction') return false
  const { to, signer, data } = intent
  return to?.toLowerCase() === signer.toLowerCase() && isExecute(data)
}

/** The calls of a batch, each as if a transaction of its own was asked for; why not, in words. What is no batch is itself. */
function requestsOf(request: SignatureRequest, allowed: ReadonlySet<string>): readonly SignatureRequest[] | string {
  const { intent } = request
  if (!isBatch(intent)) return [request]
  if (intent.value > 0n) return 'the batch has a value of its own'
  const why = wrongCode(intent, allowed)
  if (why !== undefined) return why
  const calls = decodeBatch(intent.data)
  if (typeof calls === 'string') return calls
  if (calls.some(({ to }) => BigInt(to) === 0n)) return 'a call is of the zero address, which is the account itself'
  if (calls.some(({ to }) => to === intent.signer.toLowerCase())) return 'a call is of the account itself'
  const later = { gas: 0n, maxFee: 0n, accessList: [], blobVersionedHashes: [] }
  return calls.map((call, i) => {
    return { ...request, intent: { ...intent, ...call, authorizations: [], ...(i > 0 && later) } }
  })
}

/** Why the code that the transaction gives to the account is not allowed. */
function wrongCode(intent: EthereumTransactionIntent, allowed: ReadonlySet<string>): string | undefined {
  const { authorizations, chainId, nonce } = intent
  const [first] = authorizations
  if (first === undefined) return undefined
  if (authorizations.length > 1) return 'the transaction changes the code of several accounts'
  if (!allowed.has(first.address.toLowerCase())) return `the delegate ${first.address} is none of them`
  // The chain counts the nonce of the transaction first. An authorization that it passes over leaves other code in place.
  const isValid = first.chainId === chainId && first.nonce === nonce + 1
  return isValid ? undefined : 'the authorization is for another chain or nonce'
}
