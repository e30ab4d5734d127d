import { hashTypedData, verifyTypedData, zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import { createEthereumAccount } from '../../../src/adapters/viem/account.ts'
import { parseExactJson } from '../../../src/adapters/viem/json.ts'
import { readTypedData, typedDataHash } from '../../../src/adapters/viem/typed-data.ts'
import { fakeWallet } from '../../support/fake-wallet.ts'
import { seededRandom } from '../../support/random.ts'

const OTHER = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'

type Field = { readonly name: string; readonly type: string }

/** Typed data of one struct with one field. */
function one(type: string, value: unknown, types: Record<string, readonly Field[]> = {}) {
  return {
    types: { EIP712Domain: [], Holder: [{ name: 'value', type }], ...types },
    domain: {},
    primaryType: 'Holder',
    message: { value },
  }
}

// EIP-712, "Test Cases".
const MAIL = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
} as const

test('the example of EIP-712', () => {
  expect(typedDataHash(readTypedData(MAIL))).toBe('0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2')
})

test.each([
  ['uint8', 255, '255'],
  ['uint8', '0x0fF', '255'],
  ['uint256', '0007', '7'],
  ['uint256', 2n ** 256n - 1n, String(2n ** 256n - 1n)],
  ['uint256', '9007199254740993', '9007199254740993'],
  ['int8', -128, '-128'],
  ['int256', String(-(2n ** 255n)), String(-(2n ** 255n))],
  ['bool', false, false],
  ['address', OTHER.toLowerCase(), OTHER],
  ['address', `0x${OTHER.slice(2).toUpperCase()}`, OTHER],
  ['bytes', '0x', '0x'],
  ['bytes', '0xABcd', '0xabcd'],
  ['bytes4', '0x616263FF', '0x616263ff'],
  ['string', 'a text \u{1f600}', 'a text \u{1f600}'],
  ['uint8[]', [], []],
  ['uint8[2][]', [[1, 2], ['3', '4']], [['1', '2'], ['3', '4']]], // prettier-ignore
])('%s: %o is read as %o', (type, value, expected) => {
  const typedData = readTypedData(one(type, value))
  expect(typedData.message).toEqual({ value: expected })
  const plain = type.startsWith('int') || type.startsWith('uint') ? one(type, integers(value)) : one(type, expected)
  expect(typedDataHash(typedData)).toBe(hashTypedData(plain as never))
})

/** The same numbers in the way of viem. */
function integers(value: unknown): unknown {
  return Array.isArray(value) ? value.map(integers) : BigInt(value as string)
}

test.each([
  [
    'uint8',
    [256, -1, '256', '0x100', 1.5, Number.NaN, 2 ** 53, '', ' 1', '1 ', '+1', '1e1', '0b1', '0x', '-0x1', true],
  ],
  ['uint256', [true, null, undefined, [], [1], {}, 2n ** 256n, '1'.repeat(100), -0.5, 'abc', () => 1]],
  ['int8', [128, -129, '128', 'x']],
  ['bool', [0, 1, 'true', 'false', '', null, undefined, {}]],
  ['address', ['0x', zeroAddress.slice(2), `${zeroAddress}0`, OTHER.replace('dc79', 'DC79'), 0, 'vitalik.eth', null]],
  ['bytes4', ['abcd', '0xzzzzzzzz', '0x6162', '0x6162636465', '616263ff', 0x616263ff, '0X616263ff', null]],
  ['bytes2[]', [['ab'], ['0xzzzz'], '0x6162', [null], {}, undefined]],
  ['bytes', ['text', '0xabc', '0xzz', 5, null, Uint8Array.of(1)]],
  ['string', [5, null, undefined, ['a'], 'half a pair: \ud83d', '\udc00']],
  ['uint8[2]', [[1], [1, 2, 3], [1, undefined], '12', { 0: 1, 1: 2, length: 2 }]],
  ['uint8[][2]', [[[1]], [[1], 2], [[1], null]]],
])('what is no %s is refused', (type, values) => {
  for (const value of values) expect(() => readTypedData(one(type, value))).toThrow(RangeError)
  // eslint-disable-next-line no-sparse-arrays
  expect(() => readTypedData(one(`${type}[]`, [, ,]))).toThrow('message.value[0]')
})

const PERSON = { Person: [{ name: 'age', type: 'uint8' }] } as const

test('structs have all of their fields and no others', () => {
  expect(() => readTypedData(one('Person', { age: 3 }, PERSON))).not.toThrow()
  for (const value of [null, undefined, {}, [], [3], 'Person', { age: 3, sex: 'f' }, Object.create({ age: 3 })]) {
    expect(() => readTypedData(one('Person', value, PERSON))).toThrow(/message\.value/)
    expect(() => readTypedData(one('Person[]', [value], PERSON))).toThrow(/message\.value\[0\]/)
  }
})

test('structs may hold lists of themselves', () => {
  const types = { Node: [{ name: 'name', type: 'string' }, { name: 'children', type: 'Node[]' }] } // prettier-ignore
  const leaf = { name: 'leaf', children: [] }
  const typedData = one('Node', { name: 'root', children: [leaf, leaf] }, types)
  expect(typedDataHash(readTypedData(typedData))).toBe(hashTypedData(typedData as never))
  const endless = { name: 'root', children: [] as unknown[] }
  endless.children.push(endless)
  expect(() => readTypedData(one('Node', endless, types))).toThrow('has more than 64 levels')
})

test.each([
  'uint',
  'int',
  'uint7',
  'uint264',
  'uint08',
  'int0',
  'bytes0',
  'bytes33',
  'bytes032',
  'byte',
  'function',
  'fixed128x18',
  'address payable',
  'uint8[0]',
  'uint8[01]',
  'uint8[-1]',
  'uint8[',
  'uint8]',
  '[]',
  '',
  ' uint8',
  'Unknown',
  'toString',
  '__proto__',
  'EIP712Domain',
  'EIP712Domain[]',
])('there is no type %o', (type) => {
  expect(() => readTypedData(one(type, {}))).toThrow('the field value has an unknown type')
  expect(() => readTypedData(one(type, []))).toThrow('the field value has an unknown type')
})

test.each([
  'uint8',
  'bytes',
  'bytes33',
  'address',
  'string',
  'A B',
  'A(uint8 x)B',
  'A[]',
  '1A',
  '',
  'Ä',
  'constructor',
])('no struct is named %o', (name) => {
  const struct = Object.fromEntries([[name, [{ name: 'x', type: 'uint8' }]]])
  expect(() => readTypedData(one('uint8', 1, struct))).toThrow('cannot be the name of a struct')
})

test.each(['x,uint8 y', 'x y', '', '1x', 'x)', 'ä', '__proto__', 'toString'])('no field is named %o', (name) => {
  const types = { EIP712Domain: [], Holder: [{ name, type: 'uint8' }] }
  const message = Object.fromEntries([[name, 1]])
  expect(() => readTypedData({ types, domain: {}, primaryType: 'Holder', message })).toThrow('has a wrong name')
})

test('a name with a colon is for the only struct', () => {
  const fields = [{ name: 'amount', type: 'string' }]
  const types = { EIP712Domain: [], 'Exchange:Send': fields }
  const typedData = { types, domain: {}, primaryType: 'Exchange:Send', message: { amount: '1' } }
  expect(typedDataHash(readTypedData(typedData))).toBe(hashTypedData(typedData as never))
  for (const more of [
    { Exchange: fields },
    { 'Exchange:Send': [...fields, { name: 'next', type: 'Exchange:Send[]' }] },
  ]) {
    expect(() => readTypedData({ ...typedData, types: { ...types, ...more } })).toThrow(
      'cannot be the name of a struct',
    )
  }
})

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a list', []],
  ['an unknown field', { ...MAIL, extra: 1 }],
  ['no types', { ...MAIL, types: undefined }],
  ['types that are no lists', { ...MAIL, types: { ...MAIL.types, Person: {} } }],
  ['a field that is no object', { ...MAIL, types: { ...MAIL.types, Person: ['uint8 age'] } }],
  ['a field with more', { ...MAIL, types: { ...MAIL.types, Person: [{ name: 'a', type: 'uint8', indexed: true }] } }],
  ['a field without a name', { ...MAIL, types: { ...MAIL.types, Person: [{ type: 'uint8' }] } }],
  ['two fields of one name', { ...MAIL, types: { ...MAIL.types, Mail: [...MAIL.types.Mail, MAIL.types.Mail[0]] } }],
  ['a primary type that is missing', { ...MAIL, primaryType: 'Letter' }],
  ['a primary type of all objects', { ...MAIL, primaryType: 'toString' }],
  ['a primary type that is no text', { ...MAIL, primaryType: ['Mail'] }],
  ['the domain as primary type', { ...MAIL, primaryType: 'EIP712Domain', message: MAIL.domain }],
  ['a domain without types', { ...MAIL, types: { Mail: MAIL.types.Mail, Person: MAIL.types.Person } }],
  ['a domain that is null', { ...MAIL, domain: null }],
  ['a field of the domain that is not signed', { ...MAIL, domain: { ...MAIL.domain, salt: `0x${'00'.repeat(32)}` } }],
  ['a field of the domain that is missing', { ...MAIL, domain: { ...MAIL.domain, chainId: undefined } }],
  ['a field that domains do not have', withDomain({ name: 'owner', type: 'address' }, OTHER)],
  ['a field of the domain with another type', withDomain({ name: 'chainId', type: 'string' }, '1')],
  ['a salt that is text', withDomain({ name: 'salt', type: 'bytes32' }, 'salt')],
])('is not typed data: %s', (_name, value) => {
  expect(() => readTypedData(value)).toThrow(RangeError)
})

function withDomain(field: Field, value: unknown): unknown {
  const types = { ...MAIL.types, EIP712Domain: [field] }
  return { ...MAIL, types, domain: Object.fromEntries([[field.name, value]]) }
}

test('the types of a domain may come in any order, and a domain may be empty', () => {
  const reversed = { ...MAIL, types: { ...MAIL.types, EIP712Domain: [...MAIL.types.EIP712Domain].reverse() } }
  expect(typedDataHash(readTypedData(reversed))).toBe(hashTypedData(reversed as never))
  const { Mail, Person } = MAIL.types
  const empty = { ...MAIL, domain: {}, types: { Mail, Person } }
  expect(typedDataHash(readTypedData(empty))).toBe(hashTypedData(empty as never))
})

test.each(['10000000000000000999', '9007199254740993', '1e21', '1e3', '1.0', '0.1', '1.00000000000000000001', '-1e-9'])(
  'JSON with the number %s is not read',
  (number) => {
    expect(() => parseExactJson(`{"text":"\\\\\\"1e3","amount":${number}}`)).toThrow(RangeError)
    expect(() => parseExactJson(`[[${number}]]`)).toThrow(RangeError)
    expect(parseExactJson(`["${number}","\\"${number}"]`)).toEqual([number, `"${number}`])
  },
)

test('JSON with exact numbers is read, and long texts too', () => {
  const long = '\\"'.repeat(2 ** 20)
  const value = { numbers: [0, -0, 5, -5, 2 ** 53 - 1, -(2 ** 53) + 1], long, 'key 1.5': '' }
  expect(parseExactJson(JSON.stringify(value))).toEqual({ ...value, numbers: [0, 0, ...value.numbers.slice(2)] })
  expect(() => parseExactJson('{')).toThrow(SyntaxError)
})

test('an account is as strict, and takes the types of the domain from viem', async () => {
  const wallet = fakeWallet(seededRandom())
  const account = await createEthereumAccount(wallet)
  const { Mail, Person } = MAIL.types
  const typedData = { ...MAIL, types: { Mail, Person }, domain: { ...MAIL.domain, salt: undefined } }
  const signature = await account.signTypedData(typedData)
  expect(await verifyTypedData({ ...(typedData as object), address: account.address, signature } as never)).toBe(true)
  expect(signature).toBe(await account.signTypedData(MAIL as never))
  for (const wrong of [one('bytes4', 'abcd'), one('uint256', true), one('Person', null, PERSON), null]) {
    await expect(account.signTypedData(wrong as never)).rejects.toThrow()
  }
  expect(wallet.requests.length).toBe(2)
})
