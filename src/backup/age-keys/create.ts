import { assertObject } from '../../util/arguments.ts'
import type { AgeKeyKind } from './kind.ts'
import { kindArgument } from './text-age.ts'
import { x25519 } from './x25519.ts'

/** An age key as text, for `custom` and for any age tool. */
export interface AgeKeyPair {
  /** `age1…`: seals. Not secret. */
  readonly recipient: string
  /** `AGE-SECRET-KEY-…`: opens. Secret. */
  readonly identity: string
}

/**
 * Makes an age key, such as that of a guardian or one that is kept on paper.
 *
 * @param options.kind such as `hybrid` of `reshare/backup/post-quantum`. Default: X25519
 */
export async function createAgeKey(options: { readonly kind?: AgeKeyKind } = {}): Promise<AgeKeyPair> {
  const kind = kindArgument(assertObject(options, 'createAgeKey').kind) ?? x25519
  const identity = kind.generate()
  return { identity, recipient: await kind.toRecipient(identity) }
}
