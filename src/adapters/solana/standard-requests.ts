import {
  getBase58Encoder,
  getCompiledTransactionMessageDecoder,
  getCompiledTransactionMessageEncoder,
  getTransactionDecoder,
  getTransactionEncoder,
  type Transaction,
} from '@solana/kit'

import { abytes, equalBytes, fromUtf8 } from '../../util/bytes.ts'
import { isOffchainMessage } from './off-chain.ts'
import { mayBeSignIn, parseSignIn, signInText, type SolanaSignIn } from './sign-in.ts'
import type { SignInInput } from './standard-types.ts'

/** The longest transaction of these versions, serialized. */
const MAX_TRANSACTION = 1232

/** How far the time of a sign-in may be from the clock, in milliseconds. */
const CLOCK_SKEW = 600_000

/** The versions of transactions that wallets of the standard sign. */
export const TRANSACTION_VERSIONS = ['legacy', 0] as const

/** Decodes a transaction. @throws {TypeError | RangeError} unless it is one of version 0 or before */
export function readTransaction(bytes: Uint8Array): Transaction {
  const copy = abytes(bytes, undefined, 'transaction').slice()
  if (copy.length > MAX_TRANSACTION) throw new RangeError('the transaction is too long')
  try {
    const transaction = getTransactionDecoder().decode(copy)
    const message = getCompiledTransactionMessageDecoder().decode(transaction.messageBytes)
    // Whatever kit reads leniently it writes in one way: bytes left over, long lengths.
    const again = Uint8Array.from(getCompiledTransactionMessageEncoder().encode(message))
    const isCanonical = equalBytes(again, Uint8Array.from(transaction.messageBytes))
    if (isCanonical && equalBytes(writeTransaction(transaction), copy) && message.version !== 1) return transaction
  } catch (cause) {
    throw new RangeError('not a transaction', { cause })
  }
  throw new RangeError('not a transaction of version 0 or before in its only encoding')
}

/** Encodes a transaction with its signatures. */
export function writeTransaction(transaction: Transaction): Uint8Array {
  return Uint8Array.from(getTransactionEncoder().encode(transaction))
}

/**
 * Checks a message of a page. Its text may be a sign-in only to the page's own domain: a page that shows another one is
 * after a session of the user there.
 *
 * @returns a copy
 */
export function readMessage(message: Uint8Array, domain: string): Uint8Array {
  const copy = abytes(message, undefined, 'message').slice()
  const text = isOffchainMessage(copy) ? undefined : textOf(copy)
  if (text !== undefined && mayBeSignIn(text) && parseSignIn(text).domain !== domain) {
    throw new RangeError('the message is a sign-in to another domain')
  }
  return copy
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes)
  } catch {
    return undefined
  }
}

/** Of whom a sign-in must be. */
export interface SignInSettings {
  /** The page's host. */
  readonly domain: string
  /** The wallet's address. */
  readonly address: string
  /** The wallet's chains. */
  readonly chains: readonly string[]
  /** The time, in milliseconds since 1970. */
  readonly now: number
}

/** A sign-in that was checked. */
export interface ReadSignIn {
  readonly fields: SolanaSignIn
  /** What is signed. */
  readonly text: string
}

/**
 * Checks the fields of a sign-in, one by one, and makes its text.
 *
 * @throws {TypeError | RangeError} for a field that is wrong, of another domain, address or chain, or out of its time
 */
export function readSignIn(input: SignInInput, { domain, address, chains, now }: SignInSettings): ReadSignIn {
  const { statement, uri, version, chainId, nonce, issuedAt, expirationTime, notBefore, requestId, resources } = input
  const given = { statement, uri, version, chainId, nonce, issuedAt, expirationTime, notBefore, requestId }
  const fields = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const all: SolanaSignIn = {
    ...fields,
    domain: input.domain ?? domain,
    address: input.address ?? address,
    ...(resources === undefined
      ? {}
      : { resources: Array.isArray(resources) ? Array.from(resources as readonly string[]) : resources }),
  }
  const text = signInText(all)
  if (all.domain !== domain) throw new RangeError(`the sign-in is to ${all.domain}, and the page is ${domain}`)
  if (all.address !== address) throw new RangeError('the sign-in is of another address')
  if (uri !== undefined && /^https?:/i.test(uri) && hostOf(uri) !== domain.toLowerCase()) {
    throw new RangeError('uri is of another domain')
  }
  if (chainId !== undefined && !chains.includes(`solana:${chainId.replace('solana:', '')}`)) {
    throw new RangeError(`${chainId} is not a chain of this wallet`)
  }
  expectTimes(all, now)
  return { fields: Object.freeze(all), text }
}

function hostOf(uri: string): string | undefined {
  try {
    const { host, username, password } = new URL(uri)
    return username === '' && password === '' ? host : undefined
  } catch {
    return undefined
  }
}

function expectTimes({ issuedAt, expirationTime, notBefore }: SolanaSignIn, now: number): void {
  if (issuedAt !== undefined && Math.abs(Date.parse(issuedAt) - now) > CLOCK_SKEW) {
    throw new RangeError('issuedAt is more than ten minutes from now')
  }
  if (expirationTime === undefined) return
  const end = Date.parse(expirationTime)
  if (end <= now) throw new RangeError('the sign-in is over')
  if ([issuedAt, notBefore].some((time) => time !== undefined && Date.parse(time) >= end)) {
    throw new RangeError('the sign-in is over before it begins')
  }
}

/** The bytes of an address, 32 bytes. */
export function addressBytes(address: string): Uint8Array {
  return abytes(Uint8Array.from(getBase58Encoder().encode(address)), 32, 'address')
}
