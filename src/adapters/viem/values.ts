import { getAddress, isAddress, type Address, type Hex } from 'viem'

import { isWellFormed } from '../../util/text.ts'

/**
 * An address with its checksum (EIP-55), or undefined if it is none. Letters of one case carry no checksum; a checksum
 * that is wrong means that somebody mistyped.
 */
export function readAddress(value: unknown): Address | undefined {
  if (typeof value !== 'string') return undefined
  return isAddress(value) || /^0x[0-9A-F]{40}$/.test(value) ? getAddress(value) : undefined
}

/** Whole bytes in lower-case hex, or undefined if it is something else. */
export function readBytes(value: unknown): Hex | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^0x[0-9a-fA-F]*$/.test(value)) return undefined
  return value.toLowerCase() as Hex
}

/** Whether this is a string that has an encoding in UTF-8. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && isWellFormed(value)
}
