import type { BackupMethod } from '../../../src/backup/types.ts'
import { MpcError } from '../../../src/errors.ts'
import { fromHex, toHex } from '../../../src/util/bytes.ts'

/** A backup method that hides nothing: for tests of what the client does with one. */
export function plainMethod(password = 'secret', overrides: Partial<BackupMethod> = {}): BackupMethod {
  return {
    name: 'PASSWORD',
    async probe() {},
    async seal(plaintext, { onProgress }) {
      for (const fraction of [0.25, 0.5, 1]) onProgress?.(fraction)
      return `${password}:${toHex(plaintext)}`
    },
    async open(cipherText, { onProgress }) {
      for (const fraction of [0.25, 0.5, 1]) onProgress?.(fraction)
      const [sealedWith, hex] = cipherText.split(':')
      if (sealedWith !== password) throw new MpcError('WRONG_PASSWORD', 'wrong password')
      return fromHex(hex ?? '')
    },
    ...overrides,
  }
}
