import { isMpcError, MpcError } from '../../errors.ts'
import { equalBytes, fromUtf8, isHex, toHex, utf8, wipe } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import type { CloudKeyStorage } from './cloud-storage.ts'
import { CLOUD_STANZA } from './cloud-stanza.ts'
import { cleanUp, corrupt, throwIfAborted, withCode } from '../failures.ts'
import type { KeyedBackupMethod } from '../keyed-method.ts'
import { createBackupMethod } from '../method.ts'
import type { OnProgress } from '../progress.ts'
import type { AgeIdentityCode, AgeRecipientCode, StanzaArguments } from '../types.ts'
import type { AgeKeyKind } from '../age-keys/kind.ts'
import { identityCode, kindArgument, recipientCode } from '../age-keys/text-age.ts'
import { x25519 } from '../age-keys/x25519.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'

/** What {@link cloudKey} needs to know. */
export interface CloudKeyOptions {
  /** The cloud, which names the method. */
  readonly provider: 'GDRIVE' | 'ICLOUD'
  /** Reads and writes keys in the user's cloud account. */
  readonly storage: CloudKeyStorage
  /**
   * The kind of key that is made, such as `hybrid` of `reshare/backup/post-quantum`. Default: X25519. To open, X25519 and this
   * kind are understood.
   */
  readonly kind?: AgeKeyKind
}

/** A sealing adds one. A file whose reader would have to look for more keys than this is refused. */
const MAX_CLOUD_KEYS = 4

/**
 * A backup that a key in the user's cloud account opens.
 *
 * Each sealing makes a key of its own under a fresh id, which the cipherText names: nothing is ever overwritten, so two
 * devices that back up at the same time cannot lose each other's key. The key of a backup that has been replaced stays in the
 * account. The key of a sealing that fails or is aborted while the key is written is deleted, if that is possible.
 *
 * @throws {TypeError} if an option is wrong
 */
export function cloudKey(options: CloudKeyOptions): KeyedBackupMethod {
  const { provider, storage, kind: given } = assertObject(options, 'cloudKey')
  if (provider !== 'GDRIVE' && provider !== 'ICLOUD') throw new TypeError('provider must be GDRIVE or ICLOUD')
  const kind = kindArgument(given) ?? x25519
  assertMethods(storage, ['probe', 'read', 'write', 'delete'], 'storage')
  const reach = <T>(work: () => Promise<T>) =>
    withCode('STORAGE_UNAVAILABLE', `the key storage of ${provider} failed`, work)

  async function keep(id: string, identity: string, signal: AbortSignal | undefined): Promise<void> {
    const bytes = utf8(identity)
    // The storage's own copy, which it may keep or hand on.
    const handed = bytes.slice()
    try {
      await reach(() => storage.write(id, handed, { signal })).catch((error: unknown) => {
        wipe(handed)
        throw error
      })
      const stored = await reach(() => storage.read(id, { signal }))
      if (stored === undefined || !equalBytes(stored, bytes)) {
        throw new MpcError('STORAGE_UNAVAILABLE', `${provider} did not give back the key that was written`)
      }
      throwIfAborted(signal)
    } catch (error) {
      // Nothing is sealed to it yet. If the id is taken, the key is another writer's.
      if (!isMpcError(error, 'STORAGE_CONFLICT')) await cleanUp(signal, (own) => storage.delete(id, { signal: own }))
      throw error
    } finally {
      wipe(bytes)
    }
  }

  return createBackupMethod({
    name: provider,

    async probe({ signal } = {}) {
      throwIfAborted(signal)
      await reach(() => storage.probe({ signal }))
      throwIfAborted(signal)
    },

    async recipients({ onProgress, signal }) {
      throwIfAborted(signal)
      const identity = kind.generate()
      const id = toHex(systemRandom(16))
      await keep(id, identity, signal)
      return [recipientCode(await kind.toRecipient(identity), kind), naming(provider, id, onProgress)]
    },

    async identities({ stanzas, onProgress, signal }) {
      const identities: AgeIdentityCode[] = []
      for (const id of idsOf(provider, stanzas)) {
        throwIfAborted(signal)
        const bytes = await reach(() => storage.read(id, { signal }))
        if (bytes !== undefined) identities.push(readIdentity(bytes, provider, kind))
      }
      onProgress?.(1)
      return identities
    },
  })
}

/** Adds a stanza that says which key of which cloud opens the file: `-> reshare/v1/cloud-key GDRIVE <id>`. */
function naming(provider: string, id: string, onProgress: OnProgress | undefined): AgeRecipientCode {
  return {
    wrapFileKey() {
      onProgress?.(1)
      return [{ args: [CLOUD_STANZA, provider, id], body: new Uint8Array(0) }]
    },
  }
}

/**
 * The ids that the stanzas name, each once. They become file names: nothing but hexadecimal digits gets through.
 *
 * @throws {BACKUP_CORRUPT} if there are more than {@link MAX_CLOUD_KEYS}
 */
function idsOf(provider: string, stanzas: readonly StanzaArguments[]): ReadonlySet<string> {
  const ids = stanzas.flatMap(([type, cloud, id, ...more]) =>
    type === CLOUD_STANZA && cloud === provider && isHex(id, 16) && more.length === 0 ? [id] : [],
  )
  const unique = new Set(ids)
  if (unique.size > MAX_CLOUD_KEYS) throw corrupt(`it names too many keys of ${provider}`)
  return unique
}

/** Does not wipe the bytes: a storage may have given its own copy away. */
function readIdentity(bytes: Uint8Array, provider: string, kind: AgeKeyKind): AgeIdentityCode {
  try {
    return identityCode(fromUtf8(bytes), kind)
  } catch {
    // Without the cause: its message may repeat the key.
    throw new MpcError('DECRYPT_FAILED', `the key that ${provider} holds for this backup is damaged`)
  }
}
