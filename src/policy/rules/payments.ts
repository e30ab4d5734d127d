import { assertObject } from '../../util/arguments.ts'
import type { PolicyIntent } from '../types.ts'
import { ruleOf, type Rule, type Verdict } from './rule.ts'
import { spendingOf, transactionOf, type Asset, type Spending } from './spending.ts'

/**
 * Allows payments and approvals to these recipients: a transfer of a coin, `transfer` and `approve` of ERC-20, a Permit, the
 * outputs of a Bitcoin transaction but those to the key itself, transfers of lamports, and checked transfers and approvals of
 * Solana's tokens. Everything else is denied, such as other calls of contracts.
 *
 * @param addresses of Ethereum in any case, of Bitcoin, and of Solana: accounts, and for tokens token accounts
 * @throws {TypeError} for no addresses
 */
export function recipients(addresses: readonly string[]): Rule {
  if (!Array.isArray(addresses) || addresses.length === 0 || !addresses.every((one) => typeof one === 'string')) {
    throw new TypeError('recipients must be addresses')
  }
  const allowed = new Set((addresses as readonly string[]).map(normalized))
  return ruleOf('recipients', (intent) => {
    const spending = spendingOf(intent)
    if (spending === undefined) return notUnderstood(intent)
    const stranger = spending.find(({ to }) => to !== null && !allowed.has(to))
    return stranger === undefined ? undefined : `${stranger.to} is none of them`
  })
}

function normalized(address: string): string {
  return /^0x/i.test(address) ? address.toLowerCase() : address
}

/**
 * Allows payments and approvals up to an amount by asset in one signature, fees included. An asset that is not named is
 * denied, and so is everything else than {@link recipients} understands. A Bitcoin transaction is counted as a whole with each
 * of its inputs. The signatures of one `signAll` are counted together, and a Bitcoin transaction once for all of its inputs.
 *
 * @param amounts in the asset's smallest unit, by asset: `ethereum:1` for the coin of chain 1, `ethereum:1:0x…` for a token
 *   (in any case), `bitcoin`, `solana`, `solana:<mint>`
 * @throws {TypeError} for no amounts, or what is none
 */
export function maximum(amounts: Readonly<Record<Asset, bigint>>): Rule {
  const most = readAmounts(amounts, 'maximum')
  return ruleOfAll((intents) => {
    const sums = sumsOf(intents)
    const why = typeof sums === 'string' ? sums : excessOf(sums, most)
    return { allowed: why === undefined, reasons: [`maximum: ${why ?? 'allowed'}`] }
  })
}

/** A rule that judges the signatures of a `signAll` together, and one as if it was all. */
function ruleOfAll(judge: (intents: readonly PolicyIntent[]) => Verdict): Rule {
  return {
    judge: ({ intent }) => judge([intent]),
    judgeAll: (requests) => judge(requests.map(({ intent }) => intent)),
  }
}

/** Options of {@link maximumPerPeriod}. */
export interface MaximumPerPeriodOptions {
  /** How long a payment counts, in milliseconds. */
  readonly periodMs: number
  /** Names the sums. Rules with the same name and period add to the same sums. Default: `period`. */
  readonly name?: string
}

/**
 * Allows payments and approvals up to a sum by asset over a period, for each client across all servers: what a client has
 * signed in the last `periodMs` milliseconds, and what it is signing. It understands what {@link maximum} does. A transaction
 * counts each time that it is signed: one with several Bitcoin inputs as often, unless one `signAll` signs them, and so does one
 * that is sent again with more gas.
 *
 * @param amounts as those of {@link maximum}
 * @throws {TypeError} for no amounts or no period, or what is none
 */
export function maximumPerPeriod(amounts: Readonly<Record<Asset, bigint>>, options: MaximumPerPeriodOptions): Rule {
  const most = readAmounts(amounts, 'maximumPerPeriod')
  const { periodMs, name = 'period' } = assertObject(options, 'maximumPerPeriod')
  if (!Number.isSafeInteger(periodMs) || periodMs < 1) throw new TypeError('periodMs must be milliseconds')
  if (typeof name !== 'string' || name.length > 50) throw new TypeError('name must be a string of at most 50')
  return ruleOfAll((intents) => {
    const sums = sumsOf(intents)
    const why = typeof sums === 'string' ? sums : excessOf(sums, most)
    if (typeof sums === 'string' || why !== undefined) return { allowed: false, reasons: [`maximumPerPeriod: ${why}`] }
    const reserve = [...sums].map(([asset, amount]) => ({
      counter: `${name}/${periodMs}/${asset}`,
      amount,
      most: most.get(asset) as bigint,
      periodMs,
    }))
    return { allowed: true, reasons: ['maximumPerPeriod: allowed, if the sums allow it'], reserve }
  })
}

const ASSET = /^(?:bitcoin|solana(?::\w{32,44})?|ethereum:\d+(?::0x[0-9a-fA-F]{40})?)$/

/** The amounts by asset, with tokens of Ethereum in lower case. @throws {TypeError} if they are none */
function readAmounts(amounts: Readonly<Record<Asset, bigint>>, name: string): ReadonlyMap<Asset, bigint> {
  const entries = Object.entries(assertObject(amounts, name))
  if (entries.length === 0 || !entries.every(([, most]) => typeof most === 'bigint' && most >= 0n)) {
    throw new TypeError(`${name} must have amounts as bigint`)
  }
  const wrong = entries.find(([asset]) => !ASSET.test(asset))
  if (wrong !== undefined) throw new TypeError(`${name}: ${wrong[0]} is no asset`)
  return new Map(entries.map(([asset, amount]) => [asset.startsWith('ethereum') ? asset.toLowerCase() : asset, amount]))
}

/** What signatures give away together, by asset; why not, in words, if one is not understood. */
function sumsOf(intents: readonly PolicyIntent[]): ReadonlyMap<Asset, bigint> | string {
  const transactions = new Map<string | number, Map<Asset, bigint>>()
  for (const [i, intent] of intents.entries()) {
    const spending = spendingOf(intent)
    if (spending === undefined) return notUnderstood(intent)
    const key = transactionOf(intent) ?? i
    // The inputs of one transaction tell different keys' views of it: the highest counts.
    const sums = transactions.get(key) ?? new Map<Asset, bigint>()
    for (const [asset, sum] of added(spending)) {
      const before = sums.get(asset)
      if (before === undefined || sum > before) sums.set(asset, sum)
    }
    transactions.set(key, sums)
  }
  const all = [...transactions.values()].flatMap((sums) => [...sums].map(([asset, amount]) => ({ asset, amount })))
  return added(all)
}

function added(spending: readonly Pick<Spending, 'asset' | 'amount'>[]): ReadonlyMap<Asset, bigint> {
  const sums = new Map<Asset, bigint>()
  for (const { asset, amount } of spending) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  return sums
}

/** Which sum is above what is allowed, in words; undefined if none is. */
function excessOf(sums: ReadonlyMap<Asset, bigint>, most: ReadonlyMap<Asset, bigint>): string | undefined {
  const above = [...sums].find(([asset, sum]) => sum > (most.get(asset) ?? -1n))
  return above && `${above[1]} of ${above[0]} is more than ${most.get(above[0]) ?? 'allowed'}`
}

/**
 * Allows transactions of Solana whose instructions are of these programs, whatever they do. What these call in turn, and
 * accounts of lookup tables, are not known.
 *
 * @param addresses of the programs, in base 58
 * @throws {TypeError} for no addresses
 */
export function programs(addresses: readonly string[]): Rule {
  if (!Array.isArray(addresses) || addresses.length === 0 || !addresses.every((one) => typeof one === 'string')) {
    throw new TypeError('programs must be addresses')
  }
  return ruleOf('programs', (intent) => {
    if (intent.kind !== 'solanaTransaction') return `${intent.kind} has no programs`
    const stranger = intent.instructions.find(({ program }) => !addresses.includes(program))
    return stranger === undefined ? undefined : `${stranger.program} is none of them`
  })
}

function notUnderstood({ kind }: PolicyIntent): string {
  return kind === 'raw' ? 'nobody knows what is signed' : `this ${kind} is not understood`
}
