import { createSignInMessageText, parseSignInMessageText } from '@solana/wallet-standard-util'
import { describe, expect, test } from 'vitest'
import { solanaAddress } from '../../../src/adapters/solana/address.ts'
import { parseSignIn, signInText, type SolanaSignIn } from '../../../src/adapters/solana/sign-in.ts'
import { readSignIn } from '../../../src/adapters/solana/standard-requests.ts'
import { solanaIntents, type SolanaMessageIntent } from '../../../src/policy/solana/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'

const publicKey = new Uint8Array(32).fill(7)
const ADDRESS = solanaAddress(publicKey)
const ALL: SolanaSignIn = {
  domain: 'app.example:8443',
  address: ADDRESS,
  statement: 'I agree to the terms: https://app.example/terms',
  uri: 'https://app.example:8443/login',
  version: '1',
  chainId: 'mainnet',
  nonce: 'a1b2c3d4e5',
  issuedAt: '2026-01-01T00:00:00Z',
  expirationTime: '2026-01-01T00:10:00.000Z',
  notBefore: '2026-01-01T00:00:00+00:00',
  requestId: 'some-id',
  resources: ['https://app.example/a', 'ipfs://bafy/'],
}
const OPTIONAL = Object.keys(ALL).slice(2) as readonly (keyof SolanaSignIn)[]
const NOW = Date.parse('2026-01-01T00:05:00Z')
const SETTINGS = { domain: 'app.example:8443', address: ADDRESS, chains: ['solana:mainnet'], now: NOW }

const seen = (text: string) =>
  solanaIntents().decode({ kind: 'solanaMessage' }, { scheme: 'ed25519', message: utf8(text), publicKey })
    .intent as SolanaMessageIntent

test('the text is that of wallet-standard, with every choice of fields, and is read back', () => {
  for (let mask = 0; mask < 2 ** OPTIONAL.length; mask++) {
    const left = OPTIONAL.filter((_, index) => (mask & (1 << index)) === 0)
    const fields = Object.fromEntries(
      Object.entries(ALL).filter(([name]) => !left.includes(name as 'uri')),
    ) as unknown as SolanaSignIn
    const text = signInText(fields)
    expect(text).toBe(createSignInMessageText(fields))
    expect(parseSignIn(text)).toEqual(fields)
    if (mask % 97 === 0) expect(seen(text).signIn).toEqual(fields)
  }
  expect(parseSignInMessageText(signInText(ALL))).toEqual(ALL)
})

test.each<readonly [keyof SolanaSignIn, unknown]>([
  ...['', ' ', 'app.example\n', 'app example', 'user@app.example', 'https://app.example', 'app.example/', 'a\u202eb.example', 'аpp.example', `${'a'.repeat(64)}.example`, 'app.example:x'].map((value) => ['domain', value] as const), // prettier-ignore
  ...['', '0OIl', ADDRESS.slice(0, 20), `${ADDRESS}\n`, `${ADDRESS} `].map((value) => ['address', value] as const),
  ...['', 'a\nb', 'a\n\nURI: https://evil.example', 'URI: https://evil.example', 'Nonce:', 'Resources:', 'Resources: x', 'a\u202eb', 'a\u200bb', 'x'.repeat(2049), '\ud800', 'a\rb', 'a\u2028b'].map((value) => ['statement', value] as const), // prettier-ignore
  ...['', 'no uri', 'https://a b', 'https://a\nVersion: 1', '//app.example', `https://${'a'.repeat(2049)}`, 'https://é.example'].map((value) => ['uri', value] as const), // prettier-ignore
  ...['', '2', '1\n', '01'].map((value) => ['version', value] as const),
  ...['', 'main', 'ethereum:1', 'solana:mainnet\n', 'solana:'].map((value) => ['chainId', value] as const),
  ...['', 'short', 'with space', 'abcdefgh\n', 'a'.repeat(129), 'ａｂｃｄｅｆｇｈ'].map(
    (value) => ['nonce', value] as const,
  ),
  ...(['issuedAt', 'expirationTime', 'notBefore'] as const).flatMap(
    (name) =>
    ['', 'today', '2026-01-01', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00', '2026-01-01T00:00:00Z\n', '2026-01-01 00:00:00Z', '1'].map((value) => [name, value] as const), // prettier-ignore
  ),
  ...['', 'a b', 'a\nResources:', 'é'].map((value) => ['requestId', value] as const),
  ...[[], [''], ['no uri'], ['https://a\n- https://b'], Array.from({ length: 33 }, () => 'https://a')].map((value) => ['resources', value] as const), // prettier-ignore
])('the field %s is not %j', (name, value) => {
  expect(() => signInText({ ...ALL, [name]: value })).toThrow(RangeError)
})

test('fields of the wrong nature are TypeErrors', () => {
  for (const name of Object.keys(ALL)) {
    if (name === 'statement') continue
    for (const value of [1, null, {}, true]) {
      expect(() => signInText({ ...ALL, [name]: value })).toThrow(TypeError)
    }
  }
  expect(() => signInText({ ...ALL, statement: 7 } as never)).toThrow(RangeError)
})

describe('a text that looks like a sign-in', () => {
  const text = signInText(ALL)
  test.each<[string, string]>([
    ['with a line more', `${text}\n`],
    ['with a line before', `\n${text}`],
    ['with two statements', text.replace('\n\nURI', '\n\nand more\n\nURI')],
    ['with a statement of two lines', text.replace('terms:', 'terms:\n')],
    ['with fields in another order', text.replace(/(Version: 1)\n(Chain ID: mainnet)/, '$2\n$1')],
    ['with a field twice', text.replace('Version: 1', 'Version: 1\nVersion: 1')],
    ['with an unknown field', text.replace('Version: 1', 'Version: 1\nAmount: 5')],
    ['with another version', text.replace('Version: 1', 'Version: 2')],
    ['with spaces', text.replace('Version: 1', 'Version:  1')],
    ['with resources that are none', text.replace('- https', '* https')],
    ['with line ends of another system', text.replaceAll('\n', '\r\n')],
    ['with no address', text.replace(`\n${ADDRESS}`, '')],
    ['in a sentence', 'evil.example wants you to sign in with your Solana account:'],
    ['after other text', `Hello!\n${text}`],
  ])('%s is refused', (_, other) => {
    expect(other).not.toBe(text)
    expect(() => parseSignIn(other)).toThrow(RangeError)
    expect(() => seen(other)).toThrow(RangeError)
  })

  test('and is one names another domain to the policy, whatever the statement says', () => {
    const lie = { ...ALL, domain: 'evil.example', statement: 'app.example:8443 wants something' }
    expect(seen(signInText(lie)).signIn).toMatchObject({ domain: 'evil.example' })
  })
})

describe('a wallet reads a sign-in', () => {
  test('and fills in the domain and the address', () => {
    const { domain, address, ...others } = ALL
    expect(readSignIn({}, SETTINGS).fields).toEqual({ domain, address })
    expect(readSignIn(others, SETTINGS)).toEqual({ fields: ALL, text: signInText(ALL) })
  })

  test.each<[string, Partial<SolanaSignIn>, string]>([
    ['to another domain', { domain: 'evil.example' }, 'the sign-in is to evil.example'],
    ['to another port', { domain: 'app.example' }, 'the sign-in is to app.example'],
    ['of another address', { address: solanaAddress(new Uint8Array(32).fill(8)) }, 'of another address'],
    ['at another domain', { uri: 'https://evil.example/' }, 'uri is of another domain'],
    ['at a domain that only looks like it', { uri: 'https://app.example:8443@evil.example/' }, 'uri is of another'],
    ['with a user', { uri: 'https://evil.example@app.example:8443/' }, 'uri is of another'],
    ['on another chain', { chainId: 'devnet' }, 'devnet is not a chain of this wallet'],
    ['on another chain, by its long name', { chainId: 'solana:testnet' }, 'is not a chain'],
    ['of long ago', { issuedAt: '2025-12-31T23:54:00Z' }, 'issuedAt is more than ten minutes from now'],
    ['of the future', { issuedAt: '2026-01-01T00:16:00Z' }, 'issuedAt is more than ten minutes from now'],
    ['that is over', { expirationTime: '2026-01-01T00:05:00Z' }, 'the sign-in is over'],
    ['that never begins', { notBefore: '2026-01-01T00:10:00Z' }, 'over before it begins'],
  ])('and refuses one %s', (_, change, message) => {
    expect(() => readSignIn({ ...ALL, ...change }, SETTINGS)).toThrow(message)
  })
})
