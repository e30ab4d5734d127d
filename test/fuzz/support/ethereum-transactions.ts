import type { Hex } from 'viem'
import type { EthereumAccount } from '../../../src/adapters/viem/account.ts'
import { toHex } from '../../../src/util/bytes.ts'
import type { SeededRandom } from '../../support/random.ts'

export const hex = (random: SeededRandom, length: number): Hex => `0x${toHex(random(length))}`
export const amount = (random: SeededRandom, bits: number): bigint =>
  random.pick([0n, 1n, (1n << BigInt(bits)) - 1n, BigInt(hex(random, 32)) >> BigInt(256 - random.int(1, bits))])

export function accessList(random: SeededRandom) {
  return Array.from({ length: random.int(0, 2) }, () => ({
    address: hex(random, 20),
    storageKeys: Array.from({ length: random.int(0, 2) }, () => hex(random, 32)),
  }))
}

export const TYPES = ['legacy', 'eip2930', 'eip1559', 'eip4844', 'eip7702'] as const

/** A transaction of any type, in viem's fields. */
export async function generateTransaction(random: SeededRandom, account: EthereumAccount) {
  const type = random.pick(TYPES)
  const needsRecipient = type === 'eip4844' || type === 'eip7702'
  const fee = amount(random, 100)
  const fees = { maxFeePerGas: fee, maxPriorityFeePerGas: random.pick([0n, fee, fee / 2n]) }
  const isReplayable = type === 'legacy' && random.int(0, 3) === 0
  const common = {
    type,
    nonce: random.pick([0, 1, 127, 128, 2 ** 53 - 1]),
    gas: amount(random, 63),
    value: amount(random, 200),
    data: hex(random, random.int(0, 80)),
    ...(needsRecipient || random.int(0, 4) > 0 ? { to: hex(random, 20) } : {}),
    ...(isReplayable ? {} : { chainId: random.pick([1, 137, 31_337, 2 ** 40]) }),
  }
  if (type === 'legacy') return { ...common, gasPrice: fee }
  if (type === 'eip2930') return { ...common, gasPrice: fee, accessList: accessList(random) }
  if (type === 'eip1559') return { ...common, ...fees, accessList: accessList(random) }
  if (type === 'eip4844') {
    const blobVersionedHashes = Array.from({ length: random.int(1, 3) }, () => `0x01${toHex(random(31))}`)
    return { ...common, ...fees, maxFeePerBlobGas: amount(random, 100), blobVersionedHashes }
  }
  const delegation = { address: hex(random, 20), chainId: random.pick([0, 1]), nonce: random.int(0, 300) }
  return { ...common, ...fees, authorizationList: [await account.signAuthorization(delegation)] }
}
