import { assertObject } from '../../util/arguments.ts'
import type { PolicyIntent } from '../types.ts'
import { ruleOf, type Rule } from './rule.ts'
import { spendingOf, type Asset } from './spending.ts'

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
 * of its inputs.
 *
 * @param amounts in the asset's smallest unit, by asset: `ethereum:1` for the coin of chain 1, `ethereum:1:0x…` for a token
 *   (in any case), `bitcoin`, `solana`, `solana:<mint>`
 * @throws {TypeError} for no amounts, or what is none
 */
export function maximum(amounts: Readonly<Record<Asset, bigint>>): Rule {
  const entries = Object.entries(assertObject(amounts, 'maximum'))
  if (entries.length === 0 || !entries.every(([, most]) => typeof most === 'bigint' && most >= 0n)) {
    throw new TypeError('maximum must have amounts as bigint')
  }
  const wrong = entries.find(
    ([asset]) => !/^(?:bitcoin|solana(?::\w{32,44})?|ethereum:\d+(?::0x[0-9a-fA-F]{40})?)$/.test(asset),
  )
  if (wrong !== undefined) throw new TypeError(`maximum: ${wrong[0]} is no asset`)
  const most = new Map(
    entries.map(([asset, amount]) => [asset.startsWith('ethereum') ? asset.toLowerCase() : asset, amount]),
  )
  return ruleOf('maximum', (intent) => {
    const spending = spendingOf(intent)
    if (spending === undefined) return notUnderstood(intent)
    const sums = new Map<Asset, bigint>()
    for (const { asset, amount } of spending) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
    const above = [...sums].find(([asset, sum]) => sum > (most.get(asset) ?? -1n))
    return above === undefined
      ? undefined
      : `${above[1]} of ${above[0]} is more than ${most.get(above[0]) ?? 'allowed'}`
  })
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
