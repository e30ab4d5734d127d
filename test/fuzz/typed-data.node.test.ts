import { recoverTypedSignature, SignTypedDataVersion, TypedDataUtils } from '@metamask/eth-sig-util'
import { TypedDataEncoder, verifyTypedData } from 'ethers'
import { http, type Hex } from 'viem'
import { mainnet } from 'viem/chains'
import { expect, test } from 'vitest'
import { createEthereumAccount } from '../../src/adapters/viem/account.ts'
import { ethereumProvider } from '../../src/adapters/viem/provider.ts'
import { readTypedData, typedDataHash } from '../../src/adapters/viem/typed-data.ts'
import { fromHex, toHex } from '../../src/util/bytes.ts'
import { fakeWallet } from '../support/fake-wallet.ts'
import { PATIENCE, repeat } from './support/mutate.ts'
import { generateTypedData, spoil, type Generated } from './support/typed-data.ts'

const V4 = SignTypedDataVersion.V4
const DOMAIN_ORDER = ['name', 'version', 'chainId', 'verifyingContract', 'salt']

function hashOfSigUtil(typedData: Generated): Hex {
  return `0x${toHex(Uint8Array.from(TypedDataUtils.eip712Hash(typedData as never, V4)))}`
}

/** ethers knows no struct that holds itself, none that nobody uses, and one order of the domain's fields. */
function isForEthers({ types, primaryType }: Generated): boolean {
  const order = types['EIP712Domain']!.map(({ name }) => DOMAIN_ORDER.indexOf(name))
  if (order.some((place, i) => i > 0 && place < order[i - 1]!)) return false
  return !Object.keys(types).some((name) => reaches(types, name, name)) && hasNoOthers(types, primaryType)
}

function children(types: Generated['types'], name: string): string[] {
  const bases = types[name]!.map(({ type }) =>
    type.replace(/[[\]\d]*$/, (end) => (end.includes('[') ? end.replace(/\[.*/, '') : end)),
  )
  return bases.filter((base) => Object.hasOwn(types, base))
}

function reaches(types: Generated['types'], from: string, to: string, seen = new Set<string>()): boolean {
  return children(types, from).some((child) => {
    if (child === to) return true
    if (seen.has(child)) return false
    seen.add(child)
    return reaches(types, child, to, seen)
  })
}

function hasNoOthers(types: Generated['types'], primaryType: string): boolean {
  const names = Object.keys(types).filter((name) => name !== 'EIP712Domain' && name !== primaryType)
  return names.every((name) => reaches(types, primaryType, name))
}

function forEthers({ types, domain, message }: Generated) {
  const { EIP712Domain: _domain, ...structs } = types
  return [domain, structs, message] as const
}

test('what is typed data hashes as in two other libraries', { timeout: PATIENCE }, async () => {
  let seenByEthers = 0
  await repeat(150, (random) => {
    const typedData = generateTypedData(random)
    const hash = typedDataHash(readTypedData(typedData))
    expect(hash, JSON.stringify(typedData)).toBe(hashOfSigUtil(typedData))
    if (!isForEthers(typedData)) return
    seenByEthers++
    expect(hash, JSON.stringify(typedData)).toBe(TypedDataEncoder.hash(...forEthers(typedData)))
  })
  expect(seenByEthers).toBeGreaterThan(20)
})

test('what is accepted of spoiled typed data hashes as in two other libraries', { timeout: PATIENCE }, async () => {
  let [accepted, refused] = [0, 0]
  await repeat(400, (random) => {
    const typedData = spoil(random, generateTypedData(random))
    let hash: string
    try {
      hash = typedDataHash(readTypedData(typedData))
    } catch (error) {
      expect(error, JSON.stringify(typedData)).toBeInstanceOf(RangeError)
      refused++
      return
    }
    accepted++
    expect(hash, JSON.stringify(typedData)).toBe(hashOfSigUtil(typedData))
    if (isForEthers(typedData)) {
      expect(hash, JSON.stringify(typedData)).toBe(TypedDataEncoder.hash(...forEthers(typedData)))
    }
  })
  expect(accepted).toBeGreaterThan(10)
  expect(refused).toBeGreaterThan(100)
})

test('what is approved is what two other libraries verify', { timeout: PATIENCE }, async () => {
  await repeat(40, async (random) => {
    const wallet = fakeWallet(random)
    const account = await createEthereumAccount(wallet)
    const approved: Generated[] = []
    const provider = ethereumProvider({
      account,
      chain: mainnet,
      transport: http('http://node.invalid'),
      approve: (request) => approved.push(request.params[1] as unknown as Generated) > 0,
    })
    const generated = generateTypedData(random)
    if ('chainId' in generated.domain) generated.domain['chainId'] = random.pick([1, '1', '0x1'])
    const typedData = random.int(0, 1) === 1 ? spoil(random, generated) : generated
    const parameter = random.int(0, 1) === 1 ? JSON.stringify(typedData) : typedData
    const request = { method: 'eth_signTypedData_v4', params: [account.address, parameter] } as never
    const signature: unknown = await provider.request(request).catch((error: unknown) => error)
    if (typeof signature !== 'string') {
      expect(signature).toMatchObject({ code: -32602 })
      expect([...approved, ...wallet.requests]).toEqual([])
      return
    }
    const data = approved[0]!
    expect(wallet.requests.map(({ signed }) => toHex(signed))).toEqual([hashOfSigUtil(data).slice(2)])
    const recovered = recoverTypedSignature({ data: data as never, signature, version: V4 })
    expect(fromHex(recovered.slice(2))).toEqual(fromHex(account.address.slice(2).toLowerCase()))
    if (isForEthers(data)) expect(verifyTypedData(...forEthers(data), signature)).toBe(account.address)
  })
})
