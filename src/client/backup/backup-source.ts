import type { Transport } from '../../transport/types.ts'
import { isMpcError, MpcError } from '../../errors.ts'
import { transportFailure } from '../../wire/error-body.ts'
import { custodianPaths } from '../../wire/export.ts'
import { CIPHER_TEXT, isText } from '../../util/text.ts'
import { assertMethods, nonEmptyString } from '../arguments.ts'
import { parseJson, requestOnce } from '../operations/api-client.ts'
import { repeatWhileTransient } from '../operations/repeat.ts'
import type { Call } from '../types.ts'

/** Where an action gets a backup from: a cipherText, or a source of several. */
export type BackupInput =
  | {
      /** As returned by `backupWallet`. */
      readonly cipherText: string
      /** Not with a cipherText. */
      readonly backups?: undefined
    }
  | {
      /** Not with a source. */
      readonly cipherText?: undefined
      /** Where the user's cipherTexts are stored, such as {@link custodianBackups}: the newest that serves is used. */
      readonly backups: BackupSource
    }

/** The stored cipherTexts of a user. Whatever it returns is validated by the action that takes it. */
export interface BackupSource {
  /**
   * Lists cipherTexts, newest first: any number from 1 to 64 of them, and none if there are no more.
   *
   * @param options.skip how many of the newest to leave out
   * @param options.signal aborted at the action's deadline
   * @throws {NETWORK_ERROR | TIMEOUT | RATE_LIMITED} and is called again, if the error is retryable
   */
  list(options: { readonly skip: number; readonly signal: AbortSignal }): Promise<readonly string[]>
}

/**
 * The cipherTexts that the app's backend stores for its user, over the endpoint `GET /v1/backups` of `reshare/custodian`.
 *
 * @param transport to the app's backend, with the user's credentials
 *
 * @example
 * const backups = custodianBackups(httpTransport('https://app.example', { headers }))
 */
export function custodianBackups(transport: Transport): BackupSource {
  assertMethods(transport, ['request'], 'transport')
  return {
    async list({ skip, signal }) {
      const attempt = await requestOnce(transport, { method: 'GET', path: custodianPaths.backups(skip), signal })
      if ('value' in attempt) return listedTexts(parseJson(attempt.value))
      if (isMpcError(attempt.error, 'SHARE_NOT_FOUND')) return []
      throw attempt.error
    },
  }
}

/** What is where a custodian has its cipherTexts; whether they are any is for the reader of the source to check. */
function listedTexts(response: unknown): readonly string[] {
  const { backups } = (response ?? {}) as { readonly backups?: unknown }
  if (!Array.isArray(backups)) return backups as readonly string[]
  return backups.map((backup: unknown) => (backup as { readonly cipherText?: unknown } | null)?.cipherText as string)
}

/** The cipherTexts that an action may use, in the order in which it tries them. */
export type BackupTexts = (call: Call) => Iterable<string> | AsyncIterable<string>

/**
 * The cipherTexts of an action's parameters.
 *
 * @throws {TypeError | RangeError} unless it is given exactly one of both
 */
export function backupTexts({ cipherText, backups }: BackupInput): BackupTexts {
  if (backups === undefined) {
    const only = [nonEmptyString(cipherText, 'cipherText')]
    return () => only
  }
  if (cipherText !== undefined) throw new TypeError('cipherText and backups cannot both be given')
  assertMethods(backups, ['list'], 'backups')
  return (call) => listTexts(call, backups)
}

/** How many cipherTexts are tried at most, so that a source without an end does not keep a device busy. */
const MOST_TEXTS = 64

async function* listTexts(call: Call, source: BackupSource): AsyncGenerator<string, void> {
  const seen = new Set<string>()
  for (let skip = 0; skip < MOST_TEXTS;) {
    const page = await readPage(call, source, skip)
    if (page.length === 0) return
    for (const cipherText of page.slice(0, MOST_TEXTS - skip)) {
      if (!seen.has(cipherText)) yield cipherText
      seen.add(cipherText)
    }
    skip += page.length
  }
}

async function readPage({ client, deadline }: Call, source: BackupSource, skip: number): Promise<readonly string[]> {
  return repeatWhileTransient(client, deadline, async () => {
    deadline.check()
    try {
      return { value: parsePage(await deadline.race(source.list({ skip, signal: deadline.signal }))) }
    } catch (cause) {
      deadline.check()
      if (isMpcError(cause)) return transportFailure(cause)
      throw new MpcError('NETWORK_ERROR', 'the source of backups failed', { cause, retryable: false })
    }
  })
}

/** @throws {MALFORMED_RESPONSE} unless it is a list of cipherTexts, by the custodian's own rule */
function parsePage(value: unknown): readonly string[] {
  const isPage =
    Array.isArray(value) && value.length <= MOST_TEXTS && value.every((text: unknown) => isText(text, CIPHER_TEXT))
  if (isPage) return [...value]
  throw new MpcError('MALFORMED_RESPONSE', 'the source of backups lists something else')
}
