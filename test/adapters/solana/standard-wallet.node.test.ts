import { ed25519 } from '@noble/curves/ed25519.js'
import {
  getTransactionDecoder,
  lamports,
  type SendableTransaction,
  type Transaction as KitTransaction,
} from '@solana/kit'
import {
  SolanaSignAndSendTransaction,
  SolanaSignIn,
  SolanaSignMessage,
  SolanaSignTransaction,
} from '@solana/wallet-standard-features'
import { verifyMessageSignature, verifySignIn } from '@solana/wallet-standard-util'
import { PublicKey, SystemProgram, Transaction } from '@solana/web3.js'
import { getWallets } from '@wallet-standard/app'
import { StandardDisconnect, StandardEvents } from '@wallet-standard/features'
import { FailedTransactionMetadata, LiteSVM, TransactionMetadata } from 'litesvm'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { registerSolanaWallet } from '../../../src/adapters/solana/register.ts'
import { signInText } from '../../../src/adapters/solana/sign-in.ts'
import { type SolanaWalletParameters } from '../../../src/adapters/solana/standard-wallet.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { SOL } from '../../support/solana.ts'
import { BLOCKHASH, DOMAIN, recipient, setup, transfer } from './example-wallet.ts'

describe('registration', () => {
  beforeAll(() => {
    const target = new EventTarget()
    vi.stubGlobal('window', target)
    return () => vi.unstubAllGlobals()
  })

  test('shows the wallet to pages that were there before and that come later, until it is taken back', async () => {
    const { own } = await setup()
    const { get, on } = getWallets()
    const seen: string[] = []
    on('register', (...wallets) => seen.push(...wallets.map(({ name }) => name)))
    const window = (globalThis as unknown as { window: EventTarget }).window
    const unregister = registerSolanaWallet(own, window)
    expect(seen).toEqual(['Example'])
    expect(get()).toEqual([own])
    unregister()
    expect(get()).toEqual([])
    // A page that is ready after the wallet.
    const again = registerSolanaWallet(own, window)
    const register = vi.fn<(wallet: unknown) => () => void>(() => () => undefined)
    window.dispatchEvent(Object.assign(new Event('wallet-standard:app-ready'), { detail: { register } }))
    expect(register).toHaveBeenCalledWith(own)
    again()
  })

  test('needs a wallet and a target', async () => {
    const { own } = await setup()
    for (const wallet of [null, undefined, 1, {}, { features: null }]) {
      expect(() => registerSolanaWallet(wallet as never, new EventTarget())).toThrow(TypeError)
    }
    for (const target of [null, {}, 7]) expect(() => registerSolanaWallet(own, target as never)).toThrow(TypeError)
  })
})

describe('a page', () => {
  test('connects and disconnects, and is told', async () => {
    const { wallet, features, connect, signer } = await setup()
    const changes: unknown[] = []
    const off = features[StandardEvents].on('change', ({ accounts }) =>
      changes.push(accounts?.map(({ address }) => address)),
    )
    expect(wallet.accounts).toEqual([])
    const { accounts } = await connect()
    expect(accounts).toEqual(wallet.accounts)
    expect(accounts[0]).toMatchObject({ address: signer.address, chains: ['solana:mainnet'] })
    expect(new PublicKey(Uint8Array.from(accounts[0]!.publicKey)).toBase58()).toBe(signer.address)
    await connect()
    await features[StandardDisconnect].disconnect()
    await features[StandardDisconnect].disconnect()
    off()
    await connect()
    expect(changes).toEqual([[signer.address], []])
    expect(() => features[StandardEvents].on('other' as 'change', () => undefined)).toThrow(TypeError)
  })

  test('has transactions signed, which the chain executes', async () => {
    const { features, connect, publicKey, signer } = await setup()
    const chain = new LiteSVM()
    chain.airdrop(signer.address, lamports(10n * SOL))
    const [account] = (await connect()).accounts
    const blockhash = chain.latestBlockhash() as string
    const legacy = new Transaction({ feePayer: publicKey, blockhash, lastValidBlockHeight: 0 }).add(
      SystemProgram.transfer({ fromPubkey: publicKey, toPubkey: recipient, lamports: 2n * SOL }),
    )
    const serialized = [
      transfer(publicKey, blockhash).serialize(),
      Uint8Array.from(legacy.serialize({ requireAllSignatures: false })),
    ]
    const signed = await features[SolanaSignTransaction].signTransaction(
      ...serialized.map((transaction) => ({ account: account!, transaction, chain: 'solana:mainnet' as const })),
    )
    for (const { signedTransaction } of signed) {
      const transaction = getTransactionDecoder().decode(signedTransaction) as KitTransaction & SendableTransaction
      expect(chain.sendTransaction(transaction)).toBeInstanceOf(TransactionMetadata)
    }
    expect(chain.getBalance(recipient.toBase58() as never)).toBe(3n * SOL)
  })

  test('has transactions sent, and gets the signature by which the chain knows them', async () => {
    const chain = new LiteSVM()
    const sent: unknown[] = []
    const send: SolanaWalletParameters['send'] = async (bytes, about) => {
      sent.push(about)
      const result = chain.sendTransaction(getTransactionDecoder().decode(bytes))
      if (result instanceof FailedTransactionMetadata) throw new Error(result.toString())
    }
    const { features, connect, publicKey, signer } = await setup({ send, chains: ['solana:devnet'] })
    chain.airdrop(signer.address, lamports(10n * SOL))
    const [account] = (await connect()).accounts
    expect(account!.features).toContain(SolanaSignAndSendTransaction)
    const transaction = transfer(publicKey, chain.latestBlockhash())
    const input = { account: account!, transaction: transaction.serialize(), chain: 'solana:devnet' as const }
    const feature = features[SolanaSignAndSendTransaction]!
    const [output] = await feature.signAndSendTransaction({ ...input, options: { skipPreflight: true } })
    expect(sent).toEqual([{ chain: 'solana:devnet', options: { skipPreflight: true } }])
    expect(ed25519.verify(output!.signature, transaction.message.serialize(), publicKey.toBytes())).toBe(true)
    expect(chain.getBalance(recipient.toBase58() as never)).toBe(SOL)
    const foreign = transfer(recipient, BLOCKHASH, publicKey).serialize()
    await expect(feature.signAndSendTransaction({ ...input, transaction: foreign })).rejects.toThrow(
      'the account that pays has not signed',
    )
    await expect(feature.signAndSendTransaction({ ...input, chain: undefined as never })).rejects.toThrow(
      'is not a chain',
    )
    expect(sent.length).toBe(1)
  })

  test('without `send` has none sent', async () => {
    const { features } = await setup()
    expect(features[SolanaSignAndSendTransaction]).toBe(undefined)
    expect(Object.keys(features)).toEqual([
      'standard:connect',
      'standard:disconnect',
      'standard:events',
      'solana:signTransaction',
      'solana:signMessage',
      'solana:signIn',
    ])
  })

  test('has messages signed, as wallet-standard verifies', async () => {
    const { features, connect } = await setup()
    const [account] = (await connect()).accounts
    const message = utf8('hello')
    const [output] = await features[SolanaSignMessage].signMessage({ account: account!, message })
    const { signedMessage, signature } = output!
    expect(
      verifyMessageSignature({ message, signedMessage, signature, publicKey: Uint8Array.from(account!.publicKey) }),
    ).toBe(true)
  })

  test('signs in, as wallet-standard verifies, and is connected then', async () => {
    const { features, wallet, signer } = await setup({ now: () => Date.parse('2026-01-01T00:00:00Z') })
    const input = {
      statement: 'I agree',
      uri: 'https://app.example/login',
      nonce: 'a1b2c3d4',
      chainId: 'mainnet',
      issuedAt: '2026-01-01T00:00:00Z',
      resources: ['https://app.example/a'],
    }
    const [output] = await features[SolanaSignIn].signIn(input)
    // What the page did not name, it has to know: the domain and the address that it verifies.
    expect(verifySignIn({ domain: DOMAIN, address: signer.address, ...input }, output! as never)).toBe(true)
    expect(wallet.accounts.map(({ address }) => address)).toEqual([signer.address])
    const [bare] = await features[SolanaSignIn].signIn()
    expect(bare!.signedMessage).toEqual(utf8(signInText({ domain: DOMAIN, address: signer.address })))
  })
})
