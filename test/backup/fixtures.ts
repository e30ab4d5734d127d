import { armor, Encrypter, generateX25519Identity, type Stanza } from 'age-encryption'
import {
  password,
  type BackupChoice,
  type BackupKeys,
  type BackupRecord,
  type PasswordOptions,
} from '../../src/backup/index.ts'
import { withManifest } from '../../src/backup/manifest.ts'
import { encodeBackupRecord } from '../../src/key-share/backup-record.ts'
import type { BackupMethodName } from '../../src/types.ts'
import { toHex } from '../../src/util/bytes.ts'
import type { RandomSource } from '../../src/util/random.ts'

export const TEST_COST = { memoryKiB: 64, passes: 1 }

/** A password method that costs next to nothing. */
export const cheap = (secret: Parameters<typeof password>[0], options: PasswordOptions = {}) =>
  password(secret, { insecureTestCost: TEST_COST, ...options })

export function record(random: RandomSource, change: Partial<BackupRecord> = {}): BackupRecord {
  const [walletId, setId] = [toHex(random(16)), toHex(random(32))]
  return { walletId, setId, createdAt: 1_893_456_000_123, payload: random(700), ...change }
}

/** A file as an attacker can make one who knows the file key: any stanzas, any content, checksum and MAC in order. */
export async function forge(
  methods: readonly (BackupMethodName | BackupChoice)[],
  wrap: (fileKey: Uint8Array) => readonly Stanza[] | Promise<readonly Stanza[]>,
  content: BackupRecord | Uint8Array,
): Promise<string> {
  const encrypter = new Encrypter()
  encrypter.addRecipient({ wrapFileKey: async (fileKey) => [...(await wrap(fileKey))] })
  const plaintext = content instanceof Uint8Array ? content : encodeBackupRecord(content)
  const choices = methods.map((method) => (typeof method === 'string' ? { needed: 1, methods: [method] } : method))
  const file = await withManifest(choices, (manifest) => {
    encrypter.addRecipient(manifest)
    return encrypter.encrypt(plaintext)
  })
  return armor.encode(file)
}

/**
 * An age identity that the age library can use in every runtime: WebKitGTK refuses private X25519 keys that begin with a zero
 * byte, one in 256 (bugs.webkit.org 307095).
 */
export async function generateUsableX25519Identity(): Promise<string> {
  for (;;) {
    const identity = await generateX25519Identity()
    // In Bech32 the first byte is one character and the upper three bits of the next.
    if (!/^AGE-SECRET-KEY-1Q[QPZR]/.test(identity)) return identity
  }
}

/** The code of the error that `work` ends with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
  return 'no error'
}

/** A method that does nothing but report how often it was asked. */
export function counting(keys: BackupKeys): BackupKeys & { asked: number } {
  const counter = {
    ...keys,
    asked: 0,
    identities: (options: Parameters<BackupKeys['identities']>[0]) => {
      counter.asked++
      return keys.identities(options)
    },
  }
  return counter
}
