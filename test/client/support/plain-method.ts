import type { BackupMethod } from '../../../src/backup/types.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { MpcError } from '../../../src/errors.ts'
import { decodeWalletShares, encodeWalletShares } from '../../../src/key-share/index.ts'
import { fromHex, toHex, wipe } from '../../../src/util/bytes.ts'

/** A backup method that hides nothing: for tests of what the client does with one. */
export function plainMethod(password = 'secret', overrides: Partial<BackupMethod> = {}): BackupMethod {
  return {
    name: 'PASSWORD',
    async probe() {},
    async seal(shares, { onProgress }) {
      for (const fraction of [0.25, 0.5, 1]) onProgress?.(fraction)
      const bytes = encodeWalletShares(getGroup, shares)
      const cipherText = `${password}:${toHex(bytes)}`
      wipe(bytes)
      return cipherText
    },
    async open(cipherText, { onProgress }) {
      for (const fraction of [0.25, 0.5, 1]) onProgress?.(fraction)
      const [sealedWith, hex] = cipherText.split(':')
      if (sealedWith !== password) throw new MpcError('WRONG_PASSWORD', 'wrong password')
      return decodeWalletShares(getGroup, fromHex(hex ?? ''))
    },
    ...overrides,
  }
}
