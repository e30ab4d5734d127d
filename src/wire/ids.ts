import { isHex } from '../util/bytes.ts'

/** Whether it is a wallet's id: 16 bytes in lower-case hex. */
export function isWalletId(value: unknown): value is string {
  return isHex(value, 16)
}

/** Whether it is a share set's id: 32 bytes in lower-case hex. */
export function isSetId(value: unknown): value is string {
  return isHex(value, 32)
}

/** Whether it is a device's id, its public key: 32 bytes in lower-case hex. */
export function isDeviceId(value: unknown): value is string {
  return isHex(value, 32)
}

/** Whether it is the id of an operation or an export: 16 bytes in lower-case hex. */
export function isOperationId(value: unknown): value is string {
  return isHex(value, 16)
}
