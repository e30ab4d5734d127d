import type { Address, SignatureDictionary } from '@solana/kit'

import { MpcError } from '../../errors.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'
import { utf8 } from '../../util/bytes.ts'
import { within } from '../../util/within.ts'
import type { SolanaSigner } from './signer.ts'
import {
  addressBytes,
  readMessage,
  readSignIn,
  readTransaction,
  TRANSACTION_VERSIONS,
  writeTransaction,
} from './standard-requests.ts'
import type { SolanaSignIn } from './sign-in.ts'
import type {
  AccountsChange,
  SendTransactionInput,
  SignInInput,
  SignMessageInput,
  SignTransactionInput,
  SolanaWallet,
  StandardAccount,
  StandardFeatures,
  StandardIcon,
} from './standard-types.ts'

/** What a page asks to sign. */
export type SolanaWalletRequest =
  | {
      /** Transactions, to be sent or not. */
      readonly method: 'solana:signTransaction' | 'solana:signAndSendTransaction'
      /** Each transaction, serialized, and its chain if the page names one. */
      readonly transactions: readonly {
        /** Serialized. */
        readonly transaction: Uint8Array
        /** One of the wallet's chains; undefined if the page names none. */
        readonly chain: string | undefined
      }[]
    }
  | {
      /** Messages. */
      readonly method: 'solana:signMessage'
      /** Each message. */
      readonly messages: readonly Uint8Array[]
    }
  | {
      /** Sign-ins. */
      readonly method: 'solana:signIn'
      /** The fields of each, which were checked. */
      readonly signIns: readonly SolanaSignIn[]
    }

/** Parameters of {@link solanaWallet}. */
export interface SolanaWalletParameters {
  /** Signs: of `solanaSigner` or `scalarSigner`. */
  readonly signer: SolanaSigner
  /** Shown to the user. */
  readonly name: string
  /** Shown to the user. */
  readonly icon: StandardIcon
  /** The host of the page that gets the wallet, with its port if it has one: `location.host`. Sign-ins are to it only. */
  readonly domain: string
  /** The chains for which the wallet signs. Default: `['solana:mainnet']`. */
  readonly chains?: readonly `solana:${string}`[]
  /** Asks the user before each signature; anything but `true` is a refusal. Default: everything is signed. */
  readonly approve?: (
    request: SolanaWalletRequest,
    options: { readonly signal: AbortSignal },
  ) => boolean | Promise<boolean>
  /** The longest time that `approve` may take, in milliseconds. Default: five minutes. */
  readonly approvalTimeoutMs?: number
  /** Sends a signed transaction to its chain. Without it the wallet has no `solana:signAndSendTransaction`. */
  readonly send?: (
    transaction: Uint8Array,
    about: { readonly chain: string; readonly options: object | undefined },
  ) => Promise<unknown>
  /** The time, in milliseconds since 1970. Default: `Date.now`. */
  readonly now?: () => number
}

const FIVE_MINUTES = 300_000
const VERSION = '1.0.0'
const SIGNATURE_TYPE = { signatureType: 'ed25519' } as const

/**
 * Creates a wallet of [wallet-standard](https://github.com/wallet-standard/wallet-standard) over a signer, for pages and
 * libraries that find wallets by it. {@link registerSolanaWallet} shows it to them.
 *
 * All inputs of a call are checked before the user is asked, and all are signed or none.
 *
 * @throws {TypeError} if a parameter is wrong
 *
 * @example
 * const signer = await solanaSigner(client, { walletId: wallet.id })
 * const standard = solanaWallet({ signer, name: 'Example', icon, domain: location.host })
 */
export function solanaWallet(parameters: SolanaWalletParameters): SolanaWallet {
  const {
    signer,
    name,
    icon,
    domain,
    chains = ['solana:mainnet'],
    send,
    now = Date.now,
    ...asking
  } = readParameters(parameters)
  const approved = approval(asking)
  const listeners = new Set<(change: AccountsChange) => void>()
  const { address } = signer
  const signing = [
    'solana:signTransaction',
    ...(send ? ['solana:signAndSendTransaction'] : []),
    'solana:signMessage',
    'solana:signIn',
  ]
  const account: StandardAccount = Object.freeze({
    address,
    publicKey: addressBytes(address),
    chains: Object.freeze([...chains]),
    features: Object.freeze(signing as `${string}:${string}`[]),
  })
  let accounts: readonly StandardAccount[] = Object.freeze([])

  function show(next: readonly StandardAccount[]): void {
    if (next.length === accounts.length) return
    accounts = Object.freeze(next)
    for (const listener of listeners) listener({ accounts })
  }

  function expectAccount(given: Pick<StandardAccount, 'address'>): void {
    if (accounts.length === 0) throw new RangeError('the wallet is not connected')
    if (assertObject(given, 'account').address !== address) throw new RangeError('account is none of this wallet')
  }

  async function signTransactions(
    method: 'solana:signTransaction' | 'solana:signAndSendTransaction',
    inputs: readonly SignTransactionInput[],
  ): Promise<Uint8Array[]> {
    const read = inputs.map((input) => {
      const { account: given, transaction, chain } = assertObject(input, method)
      expectAccount(given)
      const isKnown = chain === undefined ? method === 'solana:signTransaction' : account.chains.includes(chain)
      if (!isKnown) throw new RangeError(`${String(chain)} is not a chain of this wallet`)
      return { transaction: readTransaction(transaction), chain }
    })
    const shown = read.map(({ transaction, chain }) => ({ transaction: writeTransaction(transaction), chain }))
    await approved({ method, transactions: shown })
    const transactions = read.map(({ transaction }) => transaction)
    const signatures = await signer.signTransactions(transactions as never)
    return transactions.map((transaction, index) =>
      writeTransaction({ ...transaction, signatures: { ...transaction.signatures, ...signatures[index] } }),
    )
  }

  async function signMessages(contents: readonly Uint8Array[]): Promise<Uint8Array[]> {
    const signed = await signer.signMessages(contents.map((content) => ({ content, signatures: {} })))
    return signed.map((signatures) => signatureOf(signatures, address))
  }

  const features: StandardFeatures = {
    'standard:connect': {
      version: VERSION,
      connect: async () => {
        show([account])
        return { accounts }
      },
    },
    'standard:disconnect': { version: VERSION, disconnect: async () => show([]) },
    'standard:events': {
      version: VERSION,
      on: (event, listener) => {
        if (event !== 'change' || typeof listener !== 'function') throw new TypeError('the only event is change')
        const own = (change: AccountsChange) => listener(change)
        listeners.add(own)
        return () => listeners.delete(own)
      },
    },
    'solana:signTransaction': {
      version: VERSION,
      supportedTransactionVersions: TRANSACTION_VERSIONS,
      signTransaction: async (...inputs: readonly SignTransactionInput[]) => {
        const signed = await signTransactions('solana:signTransaction', inputs)
        return signed.map((signedTransaction) => ({ signedTransaction }))
      },
    },
    ...(send && {
      'solana:signAndSendTransaction': {
        version: VERSION,
        supportedTransactionVersions: TRANSACTION_VERSIONS,
        signAndSendTransaction: async (...inputs: readonly SendTransactionInput[]) => {
          const about = inputs.map(({ chain, options }) => ({ chain, options }))
          const signed = await signTransactions('solana:signAndSendTransaction', inputs)
          const signatures = signed.map(firstSignature)
          for (const [index, transaction] of signed.entries()) {
            await send(transaction, about[index] as { readonly chain: string; readonly options: object | undefined })
          }
          return signatures.map((signature) => ({ signature }))
        },
      },
    }),
    'solana:signMessage': {
      version: '1.1.0',
      signMessage: async (...inputs: readonly SignMessageInput[]) => {
        const messages = inputs.map((input) => {
          expectAccount(assertObject(input, 'solana:signMessage').account)
          return readMessage(input.message, domain)
        })
        await approved({ method: 'solana:signMessage', messages: messages.map((message) => message.slice()) })
        const signatures = await signMessages(messages)
        return messages.map((signedMessage, index) => ({
          signedMessage,
          signature: signatures[index] as Uint8Array,
          ...SIGNATURE_TYPE,
        }))
      },
    },
    'solana:signIn': {
      version: VERSION,
      signIn: async (...inputs: readonly SignInInput[]) => {
        const settings = { domain, address, chains, now: now() }
        const all = inputs.length === 0 ? [{}] : inputs
        const read = all.map((input) => readSignIn(assertObject(input, 'solana:signIn'), settings))
        await approved({ method: 'solana:signIn', signIns: read.map(({ fields }) => fields) })
        const messages = read.map(({ text }) => utf8(text))
        const signatures = await signMessages(messages)
        show([account])
        return messages.map((signedMessage, index) => ({
          account,
          signedMessage,
          signature: signatures[index] as Uint8Array,
          ...SIGNATURE_TYPE,
        }))
      },
    },
  }
  return Object.freeze<SolanaWallet>({
    version: VERSION,
    name,
    icon,
    chains: account.chains,
    features: Object.freeze(features),
    get accounts() {
      return accounts
    },
  })
}

function readParameters(parameters: SolanaWalletParameters): SolanaWalletParameters {
  const { signer, name, icon, domain, chains = [], send } = assertObject(parameters, 'solanaWallet')
  assertMethods(signer, ['signTransactions', 'signMessages'], 'signer')
  for (const [key, value] of Object.entries({ name, icon, domain })) {
    if (typeof value !== 'string' || value === '') throw new TypeError(`${key} must be text`)
  }
  if (!Array.isArray(chains) || !chains.every((chain) => typeof chain === 'string' && chain.startsWith('solana:'))) {
    throw new TypeError('chains must be a list of chains of Solana')
  }
  if (send !== undefined && typeof send !== 'function') throw new TypeError('send must be a function')
  return parameters
}

/** Asks the user, with a time limit. @throws {ABORTED} unless the user approves in time */
function approval({
  approve,
  approvalTimeoutMs = FIVE_MINUTES,
}: Pick<SolanaWalletParameters, 'approve' | 'approvalTimeoutMs'>) {
  if (approve !== undefined && typeof approve !== 'function') throw new TypeError('approve must be a function')
  if (!Number.isInteger(approvalTimeoutMs) || approvalTimeoutMs < 1) {
    throw new RangeError('approvalTimeoutMs must be a whole number above 0')
  }
  return async (request: SolanaWalletRequest): Promise<void> => {
    if (approve === undefined) return
    const late = () => new MpcError('ABORTED', 'nobody approved the request in time')
    const isApproved = await within(approvalTimeoutMs, (signal) => approve(Object.freeze(request), { signal }), late)
    if ((isApproved as unknown) !== true) throw new MpcError('ABORTED', 'the user refused the request')
  }
}

/** The signature of the account that pays, by which the chain knows a transaction: the first. */
function firstSignature(transaction: Uint8Array): Uint8Array {
  const signature = transaction.slice(1, 65)
  if (signature.every((byte) => byte === 0)) throw new RangeError('the account that pays has not signed')
  return signature
}

function signatureOf(signatures: SignatureDictionary, address: Address): Uint8Array {
  return Uint8Array.from(signatures[address] as Uint8Array)
}
