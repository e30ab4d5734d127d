import { hexToBigInt, type Address, type Hex } from 'viem'

import { refuseParams } from './provider-error.ts'
import { readAddress, readBytes } from './values.ts'

/** @throws {EthereumProviderError} -32602 unless it is an address */
export function address(value: unknown, name: string): Address {
  return readAddress(value) ?? refuseParams(`${name} must be an address`)
}

/** @throws {EthereumProviderError} -32602 unless it is a number in hex, of at most so many bits */
export function quantity(value: unknown, name: string, bits: number): bigint {
  const isQuantity = typeof value === 'string' && /^0x[0-9a-fA-F]{1,64}$/.test(value)
  const number = isQuantity ? hexToBigInt(value as Hex) : refuseParams(`${name} must be a quantity in hex`)
  return number < 1n << BigInt(bits) ? number : refuseParams(`${name} is too large`)
}

/** @throws {EthereumProviderError} -32602 unless it is a number in hex that JavaScript holds exactly */
export function safeInteger(value: unknown, name: string): number {
  const number = Number(quantity(value, name, 53))
  return Number.isSafeInteger(number) ? number : refuseParams(`${name} is too large`)
}

/** @throws {EthereumProviderError} -32602 unless it is whole bytes in hex */
export function data(value: unknown, name: string): Hex {
  return readBytes(value) ?? refuseParams(`${name} must be bytes in hex`)
}

/** @throws {EthereumProviderError} -32602 unless it is an object, and no list */
export function object(value: unknown, name: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  return refuseParams(`${name} must be an object`)
}
