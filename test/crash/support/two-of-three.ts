import { cloudKey, custom, memoryCloudKey, password, type BackupKeys } from '../../../src/backup/index.ts'
import { someOf } from '../../../src/backup/some-of/index.ts'
import type { BackupMethod } from '../../../src/index.ts'

/** A guardian's key, for tests alone. */
const GUARDIAN = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX'

/**
 * A method that seals for a password, a cloud and a guardian, and opens by any two of them, in turn. What it opens, it opens
 * as another process would: by methods that have sealed nothing.
 */
export function twoOfThree(): BackupMethod {
  const storage = memoryCloudKey()
  const makers: readonly (() => BackupKeys)[] = [
    () => password('correct horse', { insecureTestCost: { memoryKiB: 8, passes: 1 } }),
    () => cloudKey({ provider: 'GDRIVE', storage }),
    () => custom({ identities: [GUARDIAN] }),
  ]
  const all = () =>
    someOf(
      2,
      makers.map((make) => make()),
    )
  let turn = 0
  return {
    name: all().name,
    probe: (options) => all().probe(options),
    seal: (plaintext, options) => all().seal(plaintext, options),
    open(cipherText, options) {
      const missing = turn++ % makers.length
      const two = makers.filter((_, i) => i !== missing).map((make) => make())
      return someOf(2, two).open(cipherText, options)
    },
  }
}
