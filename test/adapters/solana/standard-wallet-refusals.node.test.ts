import { ed25519 } from '@noble/curves/ed25519.js'
import {
  SolanaSignAndSendTransaction,
  SolanaSignIn,
  SolanaSignMessage,
  SolanaSignTransaction,
} from '@solana/wallet-standard-features'
import { StandardDisconnect } from '@wallet-standard/features'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { signInText } from '../../../src/adapters/solana/sign-in.ts'
import { solanaWallet, type SolanaWalletParameters } from '../../../src/adapters/solana/standard-wallet.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { DOMAIN, ICON, recipient, setup, transfer } from './example-wallet.ts'

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
