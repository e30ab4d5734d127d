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
  type SolanaSignAndSendTransactionFeature,
  type SolanaSignInFeature,
  type SolanaSignMessageFeature,
  type SolanaSignTransactionFeature,
} from '@solana/wallet-standard-features'
import { verifyMessageSignature, verifySignIn } from '@solana/wallet-standard-util'
import {
  Keypair,
  PublicKey,
  SystemProgram,
  Transaction,
  TransactionMessage,
  VersionedTransaction,
} from '@solana/web3.js'
import { getWallets } from '@wallet-standard/app'
import type { WalletWithFeatures } from '@wallet-standard/base'
import {
  StandardConnect,
  StandardDisconnect,
  StandardEvents,
  type StandardConnectFeature,
  type StandardDisconnectFeature,
  type StandardEventsFeature,
} from '@wallet-standard/features'
import { FailedTransactionMetadata, LiteSVM, TransactionMetadata } from 'litesvm'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { registerSolanaWallet } from '../../../src/adapters/solana/register.ts'
import { signInText } from '../../../src/adapters/solana/sign-in.ts'
import { createSolanaSigner } from '../../../src/adapters/solana/signer.ts'
import { solanaWallet, type SolanaWalletParameters } from '../../../src/adapters/solana/standard-wallet.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'
import { SOL } from '../../support/solana.ts'

type Features = StandardConnectFeature &
  StandardDisconnectFeature &
  StandardEventsFeature &
  SolanaSignTransactionFeature &
  SolanaSignMessageFeature &
  SolanaSignInFeature &
  Partial<SolanaSignAndSendTransactionFeature>

const ICON = 'data:image/svg+xml;base64,PHN2Zy8+'
const DOMAIN = 'app.example'
const BLOCKHASH = Keypair.fromSeed(new Uint8Array(32).fill(5)).publicKey.toBase58()
const recipient = Keypair.fromSeed(new Uint8Array(32).fill(3)).publicKey

async function setup(parameters: Partial<SolanaWalletParameters> = {}) {
  const fake = fakeWallet(seededRandom())
  const signer = await createSolanaSigner(fake)
  const own = solanaWallet({ signer, name: 'Example', icon: ICON, domain: DOMAIN, ...parameters })
  // Types of the standard: what pages see.
  const wallet: WalletWithFeatures<Features> = own
  const { features } = wallet
  const connect = () => features[StandardConnect].connect()
  const publicKey = new PublicKey(signer.address)
  return { fake, signer, own, wallet, features, connect, publicKey }
}

function transfer(payer: PublicKey, recentBlockhash = BLOCKHASH, from = payer): VersionedTransaction {
  const instructions = [SystemProgram.transfer({ fromPubkey: from, toPubkey: recipient, lamports: SOL })]
  return new VersionedTransaction(
    new TransactionMessage({ payerKey: payer, recentBlockhash, instructions }).compileToV0Message(),
  )
}

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

describe('what is refused before anything is signed', () => {
  test('a page that is not connected, and other accounts and chains', async () => {
    const { features, connect, fake, publicKey, signer } = await setup()
    const [account] = (await connect()).accounts
    await features[StandardDisconnect].disconnect()
    const transaction = transfer(publicKey).serialize()
    const input = { account: account!, transaction }
    await expect(features[SolanaSignTransaction].signTransaction(input)).rejects.toThrow('the wallet is not connected')
    const message = { account: account!, message: utf8('a') }
    await expect(features[SolanaSignMessage].signMessage(message)).rejects.toThrow('the wallet is not connected')
    await connect()
    const other = { ...account!, address: recipient.toBase58() }
    await expect(features[SolanaSignTransaction].signTransaction(input, { ...input, account: other })).rejects.toThrow(
      'account is none of this wallet',
    )
    await expect(features[SolanaSignMessage].signMessage({ ...message, account: other })).rejects.toThrow(
      'account is none',
    )
    await expect(features[SolanaSignTransaction].signTransaction({ ...input, chain: 'solana:devnet' })).rejects.toThrow(
      'solana:devnet is not a chain',
    )
    expect(fake.requests).toEqual([])
    expect(signer.address).toBe(account!.address)
  })

  test('transactions that are none, or not of this wallet', async () => {
    const { features, connect, fake, publicKey } = await setup()
    const [account] = (await connect()).accounts
    const good = transfer(publicKey).serialize()
    // The first byte after the signature is the version's.
    const bad: readonly [unknown, typeof RangeError | typeof TypeError][] = [
      [new Uint8Array(0), RangeError],
      [good.slice(0, -1), RangeError],
      [Uint8Array.from([...good, 0]), RangeError],
      [good.with(0, 2), RangeError],
      [good.with(65, 0x81), RangeError],
      [good.with(65, 0x85), RangeError],
      [new Uint8Array(1233), RangeError],
      [utf8('hello'), RangeError],
      [transfer(recipient).serialize(), RangeError],
      ['AQ==', TypeError],
      [null, TypeError],
    ]
    for (const [transaction, kind] of bad) {
      const inputs = [{ account: account!, transaction: good }, { account: account!, transaction: transaction as Uint8Array }] // prettier-ignore
      await expect(features[SolanaSignTransaction].signTransaction(...inputs)).rejects.toThrow(kind)
    }
    for (const input of [null, undefined, 1]) {
      await expect(features[SolanaSignTransaction].signTransaction(input as never)).rejects.toThrow(TypeError)
      await expect(features[SolanaSignMessage].signMessage(input as never)).rejects.toThrow(TypeError)
    }
    await expect(features[SolanaSignIn].signIn(null as never)).rejects.toThrow(TypeError)
    expect(fake.requests).toEqual([])
  })

  test('messages that are transactions, or sign-ins to another domain', async () => {
    const { features, connect, fake, publicKey, signer } = await setup()
    const [account] = (await connect()).accounts
    const { address } = signer
    const phishing = signInText({ domain: 'bank.example', address })
    for (const message of [
      transfer(publicKey).message.serialize(),
      utf8(phishing),
      utf8(` ${phishing}`),
      utf8(`${phishing}\n`),
      utf8(`Hello\n${phishing}`),
      utf8(`${signInText({ domain: DOMAIN, address })}\n`),
      Uint8Array.of(0xff, ...utf8('solana offchain'), 0),
    ]) {
      const inputs = [
        { account: account!, message: utf8('hello') },
        { account: account!, message },
      ]
      await expect(features[SolanaSignMessage].signMessage(...inputs)).rejects.toThrow(RangeError)
    }
    await expect(features[SolanaSignIn].signIn({ domain: 'bank.example' })).rejects.toThrow(
      'the sign-in is to bank.example',
    )
    await expect(features[SolanaSignIn].signIn({}, { statement: 'a\nb' })).rejects.toThrow(RangeError)
    expect(fake.requests).toEqual([])
    await features[SolanaSignMessage].signMessage({
      account: account!,
      message: utf8(signInText({ domain: DOMAIN, address })),
    })
    expect(fake.requests.length).toBe(1)
  })

  test('parameters of the wrong nature', async () => {
    const { signer } = await setup()
    const right = { signer, name: 'Example', icon: ICON, domain: DOMAIN } as const
    for (const change of [
      { signer: null },
      { signer: {} },
      { name: '' },
      { name: 7 },
      { icon: undefined },
      { domain: '' },
      { domain: undefined },
      { chains: 'solana:mainnet' },
      { chains: ['ethereum:1'] },
      { approve: true },
      { send: {} },
    ]) {
      expect(() => solanaWallet({ ...right, ...change } as never)).toThrow(TypeError)
    }
    expect(() => solanaWallet({ ...right, approvalTimeoutMs: 0 })).toThrow(RangeError)
    expect(() => solanaWallet(null as never)).toThrow(TypeError)
  })
})

describe('approval', () => {
  afterEach(() => vi.useRealTimers())

  test('sees what is signed, and refuses by anything but true', async () => {
    const approve = vi.fn<NonNullable<SolanaWalletParameters['approve']>>()
    const { features, connect, fake, publicKey, signer } = await setup({ approve, send: async () => undefined })
    const [account] = (await connect()).accounts
    const bytes = transfer(publicKey).serialize()
    const calls: readonly (() => Promise<unknown>)[] = [
      () => features[SolanaSignTransaction].signTransaction({ account: account!, transaction: bytes }),
      () => features[SolanaSignAndSendTransaction]!.signAndSendTransaction({ account: account!, transaction: bytes, chain: 'solana:mainnet' }), // prettier-ignore
      () => features[SolanaSignMessage].signMessage({ account: account!, message: utf8('hello') }),
      () => features[SolanaSignIn].signIn({ statement: 'I agree' }),
    ]
    for (const answer of [false, undefined, 'true', 1, {}]) {
      approve.mockImplementation(() => answer as boolean)
      for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'ABORTED' })
    }
    approve.mockImplementation(() => {
      throw new Error('closed')
    })
    for (const call of calls) await expect(call()).rejects.toThrow('closed')
    expect(fake.requests).toEqual([])
    approve.mockClear()
    approve.mockImplementation(async () => true)
    for (const call of calls) await call()
    expect(approve.mock.calls.map(([request]) => request)).toEqual([
      { method: 'solana:signTransaction', transactions: [{ transaction: bytes, chain: undefined }] },
      { method: 'solana:signAndSendTransaction', transactions: [{ transaction: bytes, chain: 'solana:mainnet' }] },
      { method: 'solana:signMessage', messages: [utf8('hello')] },
      { method: 'solana:signIn', signIns: [{ domain: DOMAIN, address: signer.address, statement: 'I agree' }] },
    ])
    expect(fake.requests.length).toBe(4)
  })

  test('cannot change what is signed, nor can the page while it is asked', async () => {
    const message = utf8('hello')
    const approve: SolanaWalletParameters['approve'] = (request) => {
      message.fill(0)
      if (request.method === 'solana:signMessage') request.messages[0]!.fill(1)
      return true
    }
    const { features, connect, publicKey } = await setup({ approve })
    const [account] = (await connect()).accounts
    const [output] = await features[SolanaSignMessage].signMessage({ account: account!, message })
    expect(output!.signedMessage).toEqual(utf8('hello'))
    expect(ed25519.verify(output!.signature, utf8('hello'), publicKey.toBytes())).toBe(true)
  })

  test('is over after its time', async () => {
    vi.useFakeTimers()
    const approve = () => new Promise<boolean>(() => undefined)
    const { features, connect, fake } = await setup({ approve, approvalTimeoutMs: 1_000 })
    const [account] = (await connect()).accounts
    const signing = features[SolanaSignMessage].signMessage({ account: account!, message: utf8('hello') })
    const refused = expect(signing).rejects.toMatchObject({ code: 'ABORTED' })
    await vi.advanceTimersByTimeAsync(1_000)
    await refused
    expect(fake.requests).toEqual([])
  })
})
