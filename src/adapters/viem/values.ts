import { getAddress, isAddress, type Address, type Hex } from 'viem'

import { isWellFormed } from '../../util/text.ts'

/**
 * Reads an address, and returns it with its checksum (EIP-55). An address in only one case has no checksum to check.
 * Returns undefined if it is not an address, or if its checksum is wrong.
 */
export function readAddress(value: unknown): Address | undefined {
  if (typeof value !== 'string') return undefined
  return isAddress(value) || /^0x[0-9A-F]{40}$/.test(value) ? getAddress(value) : undefined
}

/** Reads whole bytes in hex, and returns them in lower case. Undefined for anything else. */
export function readBytes(value: unknown): Hex | undefined {
  if (typeof value !== 'string' || value.length % 2 !== 0 || !/^0x[0-9a-fA-F]*$/.test(value)) return undefined
  return value.toLowerCase() as Hex
}

/** Whether this is a string without unpaired surrogates, which have no encoding in UTF-8. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && isWellFormed(value)
}
