import { expect, test } from 'vitest'
import { bitcoinAddress, type BitcoinNetwork } from '../../../src/adapters/bitcoin/address.ts'
import { fromHex } from '../../../src/util/bytes.ts'

// BIP 84 and BIP 86, "Test vectors": m/84'/0'/0'/0/0 and m/86'/0'/0'/0/0.
const SEGWIT_KEY = fromHex('0330d54fd0dd420a6e5f8d3624f5f3482cae350f79d5f0753bf5beef9c2d91af3c')
const TAPROOT_KEY = 'cc8a4bc64d897bddc5fbc2f670f7a8ba0b386779106cf1223c6fc5d7cd6fc115'
const TAPROOT_ADDRESS = 'bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr'

test('the addresses of BIP 84 and BIP 86', () => {
  expect(bitcoinAddress(SEGWIT_KEY, { type: 'p2wpkh' })).toBe('bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu')
  for (const parity of ['02', '03']) {
    expect(bitcoinAddress(fromHex(parity + TAPROOT_KEY), { type: 'p2tr' })).toBe(TAPROOT_ADDRESS)
  }
})

test.each([
  ['mainnet', /^bc1q/, /^bc1p/],
  ['testnet', /^tb1q/, /^tb1p/],
  ['signet', /^tb1q/, /^tb1p/],
  ['regtest', /^bcrt1q/, /^bcrt1p/],
] as const)('the addresses of %s', (network, segwit, taproot) => {
  expect(bitcoinAddress(SEGWIT_KEY, { type: 'p2wpkh', network })).toMatch(segwit)
  expect(bitcoinAddress(SEGWIT_KEY, { type: 'p2tr', network })).toMatch(taproot)
})

// BIP 49, "Test vectors": m/49'/1'/0'/0/0 on testnet.
test('the nested address of BIP 49, and the address of the generator before SegWit', () => {
  const nested = fromHex('03a1af804ac108a8a51782198c2d034b28bf90c8803f5a53f76276fa69a4eae77f')
  expect(bitcoinAddress(nested, { type: 'p2sh-p2wpkh', network: 'testnet' })).toBe(
    '2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2',
  )
  const generator = fromHex('0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798')
  expect(bitcoinAddress(generator, { type: 'p2pkh' })).toBe('1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH')
})

test('wrong arguments', () => {
  const offCurve = new Uint8Array(33).fill(5)
  offCurve[0] = 2
  for (const type of ['p2wpkh', 'p2tr'] as const) {
    expect(() => bitcoinAddress(offCurve, { type })).toThrow('publicKey is not a point of secp256k1')
    expect(() => bitcoinAddress(SEGWIT_KEY.subarray(1), { type })).toThrow('publicKey must be 33 bytes, got 32')
    expect(() => bitcoinAddress('02' as never, { type })).toThrow(TypeError)
    expect(() => bitcoinAddress(SEGWIT_KEY, { type, network: 'toString' as BitcoinNetwork })).toThrow('network must be')
  }
  expect(() => bitcoinAddress(SEGWIT_KEY, { type: 'p2wsh' as never })).toThrow('type must be p2wpkh or')
})
