import type { EthereumTypedDataIntent } from '../ethereum/types.ts'
import { assertObject } from '../../util/arguments.ts'
import { ruleOf, type Rule } from './rule.ts'

/**
 * Allows what is signed for these chains of Ethereum only: transactions, authorizations, and typed data whose domain names the
 * chain. What is valid on every chain is denied, and so are messages, which name none.
 *
 * @param ids the ids of the chains (EIP-155)
 * @throws {TypeError} for no chains, or what is no id
 */
export function chains(...ids: readonly number[]): Rule {
  if (ids.length === 0 || !ids.every((id) => Number.isSafeInteger(id) && id > 0)) {
    throw new TypeError('chains must be ids of chains')
  }
  return ruleOf('chains', (intent) => {
    const id = chainOf(intent)
    if (id === undefined) return `${intent.kind} names no chain`
    return ids.includes(id) ? undefined : `chain ${id} is none of them`
  })
}

function chainOf(
  intent: { readonly kind: string; readonly chainId?: number | null } & Partial<
    Pick<EthereumTypedDataIntent, 'domain'>
  >,
): number | undefined {
  switch (intent.kind) {
    case 'ethereumTransaction':
      return intent.chainId ?? undefined
    case 'ethereumAuthorization':
      return intent.chainId === 0 ? undefined : (intent.chainId ?? undefined)
    case 'ethereumTypedData': {
      const id = intent.domain?.chainId
      return id === undefined ? undefined : Number(id)
    }
    default:
      return undefined
  }
}

/**
 * Allows transactions to these contracts, with any call data and value. An authorization list (EIP-7702) is denied.
 *
 * @param addresses in any case
 * @throws {TypeError} for no addresses, or what is none
 */
export function contracts(addresses: readonly string[]): Rule {
  const allowed = addressSet(addresses, 'contracts')
  return ruleOf('contracts', (intent) => {
    if (intent.kind !== 'ethereumTransaction') return `${intent.kind} calls no contract`
    if (intent.authorizations.length > 0) return 'the transaction changes the code of accounts'
    if (intent.to === null) return 'the transaction makes a contract'
    return allowed.has(intent.to.toLowerCase()) ? undefined : `${intent.to} is none of them`
  })
}

/**
 * Allows authorizations (EIP-7702) for these contracts, on one chain each. Such a contract can do everything with the account.
 *
 * @param addresses in any case
 * @throws {TypeError} for no addresses, or what is none
 */
export function delegates(addresses: readonly string[]): Rule {
  const allowed = addressSet(addresses, 'delegates')
  return ruleOf('delegates', (intent) => {
    if (intent.kind !== 'ethereumAuthorization') return `${intent.kind} is no authorization`
    if (intent.chainId === 0) return 'the authorization is for every chain'
    return allowed.has(intent.address.toLowerCase()) ? undefined : `${intent.address} is none of them`
  })
}

/** A domain of typed data, and what may be signed in it. */
export interface AllowedDomain {
  /** The chain's id. */
  readonly chainId: number
  /** The contract that verifies the signature, in any case. */
  readonly verifyingContract: string
  /** The primary types that may be signed. Default: every one. */
  readonly primaryTypes?: readonly string[]
}

/**
 * Allows typed data (EIP-712) of these domains, whatever it says. A domain must name its chain and contract. The types of a
 * Permit give tokens away: allow these by {@link maximum} instead, or name the `primaryTypes`.
 *
 * @throws {TypeError} for no domains, or what is none
 */
export function domains(allowed: readonly AllowedDomain[]): Rule {
  if (!Array.isArray(allowed) || allowed.length === 0) throw new TypeError('domains must be a list of domains')
  const known = Array.from(allowed as readonly AllowedDomain[], (domain) => {
    const { chainId, verifyingContract, primaryTypes } = assertObject(domain, 'a domain')
    const [contract] = addressSet([verifyingContract], 'verifyingContract')
    if (!Number.isSafeInteger(chainId)) throw new TypeError('a domain must have a chainId')
    return { chainId: String(chainId), contract, primaryTypes }
  })
  return ruleOf('domains', (intent) => {
    if (intent.kind !== 'ethereumTypedData') return `${intent.kind} has no domain`
    const { chainId, verifyingContract } = intent.domain
    const of = known.filter((one) => one.chainId === chainId && one.contract === verifyingContract?.toLowerCase())
    if (of.length === 0) return 'the domain is none of them'
    const isNamed = of.some(({ primaryTypes }) => primaryTypes?.includes(intent.primaryType) ?? true)
    return isNamed ? undefined : `${intent.primaryType} is not allowed in this domain`
  })
}

/** Addresses of Ethereum in lower case. @throws {TypeError} for no addresses, or what is none */
export function addressSet(addresses: readonly string[], name: string): ReadonlySet<string> {
  const isAddress = (value: unknown) => typeof value === 'string' && /^0x[0-9a-fA-F]{40}$/.test(value)
  if (!Array.isArray(addresses) || addresses.length === 0 || !addresses.every(isAddress)) {
    throw new TypeError(`${name} must be addresses of Ethereum`)
  }
  return new Set((addresses as readonly string[]).map((address) => address.toLowerCase()))
}
