import { MpcError } from '../../errors.ts'
import { assertObject } from '../../util/arguments.ts'
import { equalBytes, utf8, wipe } from '../../util/bytes.ts'
import { systemRandom } from '../../util/random.ts'
import { codeAge } from '../age-file.ts'
import { unwrapFileKey, wrapFileKey } from '../age-keys/file-key.ts'
import { deriveArgon2id, type Argon2Cost, type Argon2Engine } from './argon2.ts'
import { corrupt, throwIfAborted } from '../failures.ts'
import { keyedMethod, type KeyedBackupMethod } from '../keyed-method.ts'
import {
  costIsWithin,
  decodePasswordStanza,
  encodePasswordArguments,
  MINIMUM_COST,
  PASSWORD_STANZA,
  SALT_LENGTH,
  wrapKey,
  type PasswordParameters,
} from './password-stanza.ts'
import { part, type OnProgress } from '../progress.ts'
import type { AgeIdentityCode, AgeRecipientCode, AgeStanza } from '../types.ts'

/** How {@link password} derives its key. */
export interface PasswordOptions {
  /** More than the default of 64 MiB and 3 passes; at most 256 MiB and 8 passes. */
  readonly cost?: Argon2Cost
  /** For tests only: any cost. The sealed file says so, and opens only where this option is set. */
  readonly insecureTestCost?: Argon2Cost
  /** WebAssembly by default, and the portable one where there is none. */
  readonly engine?: Argon2Engine
}

/** A file whose reader would have to derive more keys than this is refused. */
const MAX_PASSWORD_STANZAS = 4

interface WorkOptions {
  readonly onProgress?: OnProgress
  readonly signal?: AbortSignal
}

/**
 * A backup that a password opens, through Argon2id.
 *
 * The password is taken in Unicode form NFKC, so that it is the same from every keyboard. Whoever gets the cipherText
 * can guess at it offline: the cost makes each guess slow, it does not make a weak password strong.
 *
 * The method keeps the last derived key, as it keeps the password: opening again what it has sealed or opened is fast.
 *
 * @param secret the password, or a function that asks for it once, when it is first needed
 * @throws {TypeError} if an argument is of the wrong type
 * @throws {RangeError} if a cost is out of bounds
 */
export function password(
  secret: string | (() => string | Promise<string>),
  options: PasswordOptions = {},
): KeyedBackupMethod {
  if (typeof secret !== 'string' && typeof secret !== 'function') {
    throw new TypeError('secret must be a password, or a function that asks for one')
  }
  const test = assertObject(options, 'password').insecureTestCost !== undefined
  const cost = { ...(options.insecureTestCost ?? options.cost ?? MINIMUM_COST) }
  if (!costIsWithin(cost, test ? undefined : MINIMUM_COST)) throw new RangeError('the password cost is out of bounds')
  let asked: Promise<string> | undefined
  let last: { readonly parameters: PasswordParameters; readonly key: Uint8Array } | undefined

  async function secretBytes(): Promise<Uint8Array> {
    try {
      asked ??= Promise.resolve(typeof secret === 'string' ? secret : secret())
      const text = await asked
      if (typeof text !== 'string') throw new TypeError('the password must be a string')
      if (text === '') throw new MpcError('PASSWORD_REQUIRED', 'a password is required')
      return utf8(text.normalize('NFKC'))
    } catch (error) {
      asked = undefined
      throw error
    }
  }

  async function keyFor(parameters: PasswordParameters, { onProgress, signal }: WorkOptions): Promise<Uint8Array> {
    throwIfAborted(signal)
    if (last !== undefined && sameParameters(last.parameters, parameters)) {
      onProgress?.(1)
      return last.key.slice()
    }
    const bytes = await secretBytes()
    const work = { ...(onProgress && { onProgress }), ...(signal && { signal }) }
    const engine = options.engine && { engine: options.engine }
    const tag = await deriveArgon2id(bytes, parameters.salt, parameters.cost, { ...work, ...engine }).finally(() =>
      wipe(bytes),
    )
    const key = wrapKey(tag)
    wipe(tag, last?.key)
    last = { parameters, key }
    // A copy, also above: a concurrent call may replace and wipe the kept one before this one is used.
    return key.slice()
  }

  function recipient(work: WorkOptions): AgeRecipientCode {
    return {
      async wrapFileKey(fileKey) {
        const parameters = { salt: systemRandom(SALT_LENGTH), cost, test }
        const key = await keyFor(parameters, work)
        try {
          return [{ args: encodePasswordArguments(parameters), body: wrapFileKey(key, fileKey) }]
        } finally {
          wipe(key)
        }
      },
    }
  }

  function identity({ onProgress = () => {}, signal }: WorkOptions): AgeIdentityCode {
    return {
      async unwrapFileKey(stanzas) {
        const mine = stanzas.filter(isPasswordStanza)
        if (mine.length > MAX_PASSWORD_STANZAS) throw corrupt('it has too many password stanzas')
        // All are checked before any work is done for one.
        const candidates = mine.map((stanza) => ({ parameters: decodePasswordStanza(stanza, test), body: stanza.body }))
        for (const [i, { parameters, body }] of candidates.entries()) {
          const work = { onProgress: part(onProgress, i, candidates.length), ...(signal && { signal }) }
          const key = await keyFor(parameters, work)
          const fileKey = unwrapFileKey(key, body)
          wipe(key)
          if (fileKey !== undefined) return fileKey
        }
        if (mine.length > 0) throw new MpcError('WRONG_PASSWORD', 'the password does not open this backup')
        return null
      },
    }
  }

  return keyedMethod(codeAge, {
    name: 'PASSWORD',
    async probe({ signal } = {}) {
      throwIfAborted(signal)
      wipe(await secretBytes())
      throwIfAborted(signal)
    },
    recipients: async (work) => [recipient(work)],
    identities: async (work) => (work.stanzas.some(([type]) => type === PASSWORD_STANZA) ? [identity(work)] : []),
  })
}

function isPasswordStanza(stanza: AgeStanza): boolean {
  return stanza.args[0] === PASSWORD_STANZA
}

function sameParameters(a: PasswordParameters, b: PasswordParameters): boolean {
  return equalBytes(a.salt, b.salt) && a.cost.memoryKiB === b.cost.memoryKiB && a.cost.passes === b.cost.passes
}
