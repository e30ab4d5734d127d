import { concatHex, hexToBytes, keccak256, serializeTransaction, toRlp, type Hex } from 'viem'
import { describe, expect, test } from 'vitest'
import { ethereumIntents } from '../../../src/policy/ethereum/index.ts'
import type { Intent } from '../../../src/index.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const TO = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const publicKey = await fakeWallet(seededRandom('a key')).getPublicKey('secp256k1')
const read = (intent: Intent) =>
  ethereumIntents().decode(intent, { scheme: 'ecdsa', message: new Uint8Array(32), publicKey })
const transaction = (serialized: Hex) => read({ kind: 'ethereumTransaction', data: hexToBytes(serialized) })
const authorization = (data: Hex) => read({ kind: 'ethereumAuthorization', data: hexToBytes(data) })
const typedData = (value: unknown) =>
  read({ kind: 'ethereumTypedData', data: utf8(typeof value === 'string' ? value : JSON.stringify(value)) })

const FIELDS = {
  to: TO,
  value: 1n,
  gas: 21_000n,
  nonce: 7,
  chainId: 1,
  maxFeePerGas: 2n,
  maxPriorityFeePerGas: 1n,
} as const
const EIP_1559 = serializeTransaction({ ...FIELDS, type: 'eip1559' })
/** The fields of a transaction of type 2. */
const LIST: readonly unknown[] = ['0x01', '0x07', '0x01', '0x02', '0x5208', TO, '0x01', '0x', []]
const encoded = (list: readonly unknown[]): Hex => concatHex(['0x02', toRlp(list as never)])
const replaced = (index: number, field: unknown): Hex => encoded(LIST.map((old, i) => (i === index ? field : old)))
const LEGACY = { to: TO, value: 1n, gas: 21_000n, gasPrice: 1n, nonce: 0, chainId: 1, type: 'legacy' } as const
const signed = { r: `0x${'11'.repeat(32)}`, s: `0x${'22'.repeat(32)}`, yParity: 1 } as const

const LEGACY_SIGNED = serializeTransaction(LEGACY, { r: signed.r, s: signed.s, v: 37n })

describe('a transaction', () => {
  test('is read as it is', () => {
    expect(encoded(LIST)).toBe(EIP_1559)
    const { message, intent } = transaction(EIP_1559)
    expect(message).toEqual(hexToBytes(keccak256(EIP_1559)))
    expect(intent).toMatchObject({
      type: 'eip1559',
      chainId: 1,
      nonce: 7,
      to: TO,
      value: 1n,
      data: '0x',
      maxFee: 42_000n,
    })
  })

  test('of the first kind shows whether it is for one chain', () => {
    const legacy = { to: TO, value: 1n, gas: 21_000n, gasPrice: 3n, nonce: 0, type: 'legacy' } as const
    expect(transaction(serializeTransaction(legacy)).intent).toMatchObject({
      type: 'legacy',
      chainId: null,
      maxFee: 63_000n,
    })
    expect(transaction(serializeTransaction({ ...legacy, chainId: 5 })).intent).toMatchObject({ chainId: 5 })
  })

  test('that makes a contract has no recipient', () => {
    expect(transaction(replaced(5, '0x')).intent).toMatchObject({ to: null })
  })

  test('with blobs pays for them', () => {
    const blobs = { ...FIELDS, maxFeePerBlobGas: 10n, blobVersionedHashes: [`0x01${'00'.repeat(31)}`] as Hex[] }
    const serialized = serializeTransaction({ ...blobs, type: 'eip4844', sidecars: false })
    expect(transaction(serialized).intent).toMatchObject({ maxFee: 42_000n + 1_310_720n })
  })

  test.each<[string, Hex]>([
    ['has bytes left over', concatHex([EIP_1559, '0x00'])],
    ['is cut off', EIP_1559.slice(0, -2) as Hex],
    ['has a signature', serializeTransaction({ ...FIELDS, type: 'eip1559' }, signed)],
    ['has a signature with an r and s of zero', encoded([...LIST, '0x', '0x', '0x'])],
    ['of the first kind has a signature', LEGACY_SIGNED],
    ['has a field too many', encoded([...LIST, '0x'])],
    ['has a field too few', encoded(LIST.slice(0, -1))],
    ['has a list for a number', replaced(6, ['0x01'])],
    ['has a number with a leading zero', replaced(6, '0x0001')],
    ['has a zero that is a byte', replaced(6, '0x00')],
    ['has a value of more than 256 bits', replaced(6, `0x01${'00'.repeat(32)}`)],
    ['has more than 64 bits of gas', replaced(4, `0x01${'00'.repeat(8)}`)],
    ['has a nonce that JavaScript cannot hold', replaced(1, '0x20000000000001')],
    ['has a chain that JavaScript cannot hold', replaced(0, '0x20000000000001')],
    ['has a chain of zero', replaced(0, '0x')],
    ['has an address that is too long', replaced(5, `${TO}00`)],
    ['has an address that is too short', replaced(5, TO.slice(0, -2))],
    ['has a length in its longer form', `0x02f8${EIP_1559.slice(4)}`],
    ['is of a type to come', concatHex(['0x05', toRlp(LIST as never)])],
    ['is of a type of one chain', concatHex(['0x7b', toRlp(LIST as never)])],
    ['is no list', '0x0280'],
    ['is the type alone', '0x02'],
    ['is nothing', '0x'],
  ])('that %s is refused', (_, serialized) => {
    expect(() => transaction(serialized)).toThrow(RangeError)
  })
})

describe('an authorization', () => {
  const of = (...fields: readonly unknown[]): Hex => concatHex(['0x05', toRlp(fields as never)])
  test('shows whether it is for every chain', () => {
    expect(authorization(of('0x01', TO, '0x07')).intent).toMatchObject({ chainId: 1, address: TO, nonce: 7 })
    expect(authorization(of('0x', TO, '0x')).intent).toMatchObject({ chainId: 0, address: TO, nonce: 0 })
  })

  test.each<[string, Hex]>([
    ['has another magic byte', concatHex(['0x04', toRlp(['0x01', TO, '0x07'])])],
    ['has a leading zero', of('0x0001', TO, '0x07')],
    ['has a zero that is a byte', of('0x00', TO, '0x07')],
    ['has a short address', of('0x01', TO.slice(0, -2), '0x07')],
    ['has a list for an address', of('0x01', [TO], '0x07')],
    ['is signed', of('0x01', TO, '0x07', '0x01', '0x01', '0x01')],
    ['has bytes left over', concatHex([of('0x01', TO, '0x07'), '0x00'])],
    ['is nothing', '0x'],
  ])('that %s is refused', (_, data) => {
    expect(() => authorization(data)).toThrow(RangeError)
  })
})

describe('typed data', () => {
  const PERMIT = {
    types: {
      EIP712Domain: [{ name: 'name', type: 'string' }],
      Permit: [
        { name: 'spender', type: 'address' },
        { name: 'value', type: 'uint256' },
      ],
    },
    domain: { name: 'Coin' },
    primaryType: 'Permit',
    message: { spender: TO, value: '1' },
  }
  const types = (more: object) => ({ ...PERMIT, types: { ...PERMIT.types, ...more } })
  const node = { Node: [{ name: 'children', type: 'Node[]' }] }

  test('is read in its canonical form', () => {
    expect(typedData({ ...PERMIT, message: { spender: TO.toLowerCase(), value: 1 } }).intent).toMatchObject({
      domain: { name: 'Coin' },
      primaryType: 'Permit',
      message: { spender: TO, value: '1' },
    })
  })

  test('may have a struct that holds itself, as far as it goes', () => {
    const tree = { children: [{ children: [] }, { children: [{ children: [] }] }] }
    expect(typedData({ ...types(node), primaryType: 'Node', message: tree }).intent).toMatchObject({ message: tree })
  })

  const nested = (levels: number): unknown => (levels === 0 ? { children: [] } : { children: [nested(levels - 1)] })
  const many = (count: number, length = 1) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, i) => [`${'T'.repeat(length)}${i}`, [{ name: 'a', type: 'bool' }]]),
    )

  test.each<[string, unknown]>([
    ['misses a type', types({ Permit: [{ name: 'value', type: 'Amount' }] })],
    ['misses a value', { ...PERMIT, message: { spender: TO } }],
    ['has a value that is not signed', { ...PERMIT, message: { ...PERMIT.message, more: 1 } }],
    ['has no such primary type', { ...PERMIT, primaryType: 'Other' }],
    ['signs the domain alone', { ...PERMIT, primaryType: 'EIP712Domain' }],
    [
      'has a struct that has to hold itself',
      { ...types({ A: [{ name: 'a', type: 'A' }] }), primaryType: 'A', message: { a: {} } },
    ],
    ['is too deep', { ...types(node), primaryType: 'Node', message: nested(100) }],
    ['has a number of 257 bits', { ...PERMIT, message: { spender: TO, value: (2n ** 256n).toString() } }],
    ['has a negative number', { ...PERMIT, message: { spender: TO, value: '-1' } }],
    ['has a field of a domain that is none', types({ EIP712Domain: [{ name: 'names', type: 'string' }] })],
    ['has a field of the domain with another type', types({ EIP712Domain: [{ name: 'name', type: 'bytes' }] })],
    ['has a value of the domain that is not signed', { ...PERMIT, domain: { name: 'Coin', chainId: 1 } }],
    ['has a struct by the name of a type', types({ uint256: [] })],
    ['has a field whose name is two', types({ Permit: [{ name: 'a,uint256 b', type: 'bool' }] })],
    ['has too many structs', types(many(200))],
    ['has a name that is too long', types(many(1, 300))],
    ['has a type that is too long', types({ Permit: [{ name: 'a', type: `uint8${'[]'.repeat(40_000)}` }] })],
    [
      'has too many fields',
      types({ Permit: Array.from({ length: 1100 }, (_, i) => ({ name: `f${i}`, type: 'bool' })) }),
    ],
    [
      'has thousands of structs, however short their types are',
      {
        ...types({ One: [{ name: 'x', type: 'bool' }], List: [{ name: 'nodes', type: 'One[]' }] }),
        primaryType: 'List',
        message: { nodes: Array.from({ length: 6000 }, () => ({ x: true })) },
      },
    ],
    [
      'takes too long to hash',
      {
        ...types({ ...many(120, 200), List: [{ name: 'nodes', type: 'Permit[]' }] }),
        primaryType: 'List',
        message: { nodes: Array.from({ length: 1000 }, () => PERMIT.message) },
      },
    ],
    ['has a number that JSON rounds', JSON.stringify(PERMIT).replace('"1"', '9007199254740993')],
    ['has a fraction', JSON.stringify(PERMIT).replace('"1"', '1.5')],
    ['is a list', []],
    ['is null', null],
    ['is nested brackets', '['.repeat(40_000)],
    ['is no JSON', '{'],
    ['is nothing', ''],
  ])('that %s is refused', (_, value) => {
    expect(() => typedData(value)).toThrow(RangeError)
  })

  test('that is as much as is taken is hashed', () => {
    const list = { ...types({ List: [{ name: 'all', type: 'Permit[]' }] }), primaryType: 'List' }
    typedData({ ...list, message: { all: Array.from({ length: 1000 }, () => ({ spender: TO, value: '1' })) } })
  })
})

test('what is no UTF-8 is a message without a text', () => {
  const { intent } = read({ kind: 'ethereumMessage', data: Uint8Array.of(0xff) })
  expect(intent).toMatchObject({ data: '0xff', text: null })
})

test('intents of other chains are none of Ethereum', () => {
  expect(() => read({ kind: 'solanaMessage' })).toThrow(RangeError)
})
