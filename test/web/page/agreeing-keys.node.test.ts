import { secp256k1 } from '@noble/curves/secp256k1.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Intent, KeyRequest, WalletKeys } from 'reshare'
import { MpcError } from 'reshare/errors'
import { hashMessage, hexToBytes, keccak256, serializeTransaction, toBytes } from 'viem'
import { describe, expect, test } from 'vitest'
import { agreeingKeys } from '../../../demo/web/page/agree/agreeing-keys.ts'
import type { SignedWords } from '../../../demo/web/page/words/signed/signed-words.ts'

const SECRET = new Uint8Array(32).fill(7)
const RECIPIENT = '0x000000000000000000000000000000000000dEaD'

/** The keys of a wallet, which note what they sign; and a user, who notes what is shown. */
function world(answer: () => Promise<void> = async () => {}) {
  const signed: KeyRequest[] = []
  const shown: SignedWords[] = []
  const keys: WalletKeys = {
    getPublicKey: async (curve) =>
      curve === 'ed25519' ? ed25519.getPublicKey(SECRET) : secp256k1.getPublicKey(SECRET, true),
    signEcdsa: async (request) => {
      signed.push({ kind: 'ecdsa', ...request })
      return { signature: new Uint8Array(64), recovery: 0 }
    },
    signTaproot: async (request) => {
      signed.push({ kind: 'taproot', ...request })
      return new Uint8Array(64)
    },
    signEd25519: async (request) => {
      signed.push({ kind: 'ed25519', ...request })
      return new Uint8Array(64)
    },
    signAll: async (requests) => {
      signed.push(...requests)
      return requests.map(() => new Uint8Array(64))
    },
  }
  const source = agreeingKeys({ walletKeys: () => keys }, async (signatures) => {
    shown.push(...signatures)
    await answer()
  })
  return { signed, shown, keys: source.walletKeys('00') }
}

/** A message for Ethereum: its digest, and what it is of. */
function message(text: string) {
  return {
    digest: hexToBytes(hashMessage(text)),
    intent: { kind: 'ethereumMessage', data: toBytes(text) } satisfies Intent,
  }
}

function payment(value: bigint) {
  const data = serializeTransaction({
    chainId: 31_337,
    nonce: 0,
    to: RECIPIENT,
    value,
    gas: 21_000n,
    maxFeePerGas: 10n ** 9n,
    maxPriorityFeePerGas: 1n,
  })
  const intent: Intent = { kind: 'ethereumTransaction', data: hexToBytes(data) }
  return { digest: hexToBytes(keccak256(data)), intent }
}

describe('keys that ask the user', () => {
  test('show a payment in words, and sign it if the user agrees', async () => {
    const { keys, shown, signed } = world()
    const asked = payment(10n ** 18n / 2n)
    await keys.signEcdsa(asked)
    expect(shown).toEqual([
      {
        title: 'Send 0.5 ether',
        rows: [
          { label: 'To', value: RECIPIENT },
          { label: 'Amount', value: '0.5 ether' },
          { label: 'Fee, at most', value: '0.000021 ether' },
          { label: 'Chain', value: '31337' },
        ],
      },
    ])
    expect(signed).toEqual([{ kind: 'ecdsa', ...asked }])
  })

  test('sign nothing that the user has refused', async () => {
    const { keys, signed } = world(() => Promise.reject(new MpcError('ABORTED', 'refused')))
    const text = new TextEncoder().encode('hello')
    await expect(keys.signEcdsa(message('hello'))).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(keys.signEd25519({ message: text, intent: { kind: 'solanaMessage' } })).rejects.toMatchObject({
      code: 'ABORTED',
    })
    await expect(keys.signAll([{ kind: 'ecdsa', ...message('hello') }])).rejects.toMatchObject({ code: 'ABORTED' })
    expect(signed).toEqual([])
  })

  test.each([
    ['nobody says what is signed', { digest: message('a').digest }, 'INTENT_REQUIRED'],
    ['something else is signed', { ...message('a'), digest: message('b').digest }, 'INTENT_MISMATCH'],
    [
      'it cannot be read',
      { ...message('a'), intent: { kind: 'ethereumTransaction' as const, data: Uint8Array.of(0) } },
      'INTENT_MISMATCH',
    ],
  ])('ask for nothing, and sign nothing, if %s', async (_, request, code) => {
    const { keys, shown, signed } = world()
    await expect(keys.signEcdsa(request)).rejects.toMatchObject({ code })
    await expect(keys.signAll([{ kind: 'ecdsa', ...request }])).rejects.toMatchObject({ code })
    expect(shown).toEqual([])
    expect(signed).toEqual([])
  })

  test('refuse a digest that is signed by another scheme than is said', async () => {
    const { keys, signed } = world()
    const { digest, intent } = message('a')
    await expect(keys.signTaproot({ message: digest, intent })).rejects.toMatchObject({ code: 'INTENT_MISMATCH' })
    expect(signed).toEqual([])
  })

  test('sign what was shown, also if the bytes are changed meanwhile', async () => {
    const asked = message('hello')
    const before = asked.digest.slice()
    const { keys, signed } = world(async () => void asked.digest.set(message('other').digest))
    await keys.signEcdsa(asked)
    await keys.signAll([{ kind: 'ecdsa', ...asked, digest: before }])
    expect(signed.map((request) => 'digest' in request && request.digest)).toEqual([before, before])
  })

  test('show a permit as what it is', async () => {
    const { keys, shown } = world()
    const { ethereumAccount } = await import('reshare/viem')
    const account = await ethereumAccount({ walletKeys: () => keys }, { walletId: '00' })
    const most = 2n ** 256n - 1n
    const fields = ['owner', 'spender'].map((name) => ({ name, type: 'address' }))
    const numbers = ['value', 'nonce', 'deadline'].map((name) => ({ name, type: 'uint256' }))
    // The signature is none; the account finds that out after the user has agreed.
    await account
      .signTypedData({
        domain: { name: 'USD Coin', version: '2', chainId: 1, verifyingContract: RECIPIENT },
        types: { Permit: [...fields, ...numbers] },
        primaryType: 'Permit',
        message: { owner: account.address, spender: RECIPIENT, value: most, nonce: 0n, deadline: most },
      })
      .catch(() => undefined)
    expect(shown[0]?.title).toBe('Let somebody take your tokens: USD Coin')
    expect(shown[0]?.rows).toContainEqual({ label: 'value', value: 'without limit' })
    expect(shown[0]?.rows).toContainEqual({ label: 'spender', value: RECIPIENT })
    expect(shown[0]?.warning).toContain('without asking you again')
  })

  test('show characters that would hide or turn others around', async () => {
    const { keys, shown } = world()
    await keys.signEcdsa(message('pay \u202e001\nnow\u200b'))
    expect(shown[0]?.rows).toEqual([{ label: 'Message', value: 'pay ‹U+202E›001\nnow‹U+200B›' }])
  })

  test('show once what is signed several times', async () => {
    const { keys, shown, signed } = world()
    await keys.signAll([
      { kind: 'ecdsa', ...message('hello') },
      { kind: 'ecdsa', ...message('hello') },
      { kind: 'ecdsa', ...message('other') },
    ])
    expect(shown.map(({ rows }) => rows[0]?.value)).toEqual(['hello', 'other'])
    expect(signed).toHaveLength(3)
  })
})
