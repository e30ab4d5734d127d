import { sha256 } from '../../symmetric/sha256.ts'
import { toBase64, utf8, wipe } from '../../util/bytes.ts'
import { checkClock } from '../../util/clock.ts'
import { checkRandom, systemRandom, type RandomSource } from '../../util/random.ts'
import { checkText, ID } from '../../util/text.ts'
import { readColumn, text } from '../../service/database/rows.ts'
import type { Database } from '../../service/database/types.ts'
import { serverSchema } from '../schema.ts'
import { assertMethods, assertObject } from '../../util/arguments.ts'

/** The client that a request comes from. */
export interface Authenticated {
  /** The app's id of its user or installation, by the rule of ids (docs/reference/http-api.md#text). */
  readonly clientId: string
}

/**
 * Returns the client that a request comes from, by its headers; undefined if it cannot tell. If it throws or takes longer
 * than `limits.hookMs`, the request is refused with 503, after which clients may retry.
 *
 * @param request the request without its body; its signal is aborted once nobody waits for the result
 */
export type Authenticate = (request: Request) => Authenticated | undefined | Promise<Authenticated | undefined>

/** Bearer tokens of clients. The server's database stores their SHA-256 hashes. */
export interface ApiTokens {
  /** Creates a token of 32 random bytes for a client. Only its hash is stored, so it cannot be read again. */
  create(clientId: string): Promise<string>
  /** Revokes one token; other tokens of the same client stay valid. Idempotent. */
  revoke(token: string): Promise<void>
  /** {@link Authenticate} by `Authorization: Bearer <token>`. */
  readonly authenticate: Authenticate
}

const TOKEN_LENGTH = 32
const PREFIX = 'reshare_'

/**
 * API tokens of clients, stored as SHA-256 hashes. The tokens are uniformly random, so a slow hash would add nothing.
 */
export function apiTokens(
  database: Database,
  options: { readonly now?: () => number; readonly random?: RandomSource } = {},
): ApiTokens {
  assertMethods(database, ['query', 'transaction', 'migrate'], 'database')
  const { now: clock = Date.now, random: source = systemRandom } = assertObject(options, 'apiTokens')
  const now = checkClock(clock)
  const random = checkRandom(source)
  return {
    async create(clientId) {
      checkText(clientId, ID, 'clientId')
      await database.migrate(serverSchema)
      const secret = random(TOKEN_LENGTH)
      const token = PREFIX + toBase64(secret).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
      wipe(secret)
      await database.query('insert into reshare_tokens (token_hash, client_id, created_at) values ($1, $2, $3)', [
        hashToken(token),
        clientId,
        new Date(now()),
      ])
      return token
    },
    async revoke(token) {
      await database.migrate(serverSchema)
      await database.query('update reshare_tokens set revoked_at = $2 where token_hash = $1 and revoked_at is null', [
        hashToken(token),
        new Date(now()),
      ])
    },
    async authenticate(request) {
      const [, token] = /^bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
      if (token === undefined) return undefined
      await database.migrate(serverSchema)
      // The lookup compares hashes, so its timing reveals nothing about a stored token.
      const [row] = await database.query(
        'select client_id from reshare_tokens where token_hash = $1 and revoked_at is null',
        [hashToken(token)],
      )
      return row && { clientId: readColumn(row, 'client_id', text) }
    },
  }
}

function hashToken(token: string): Uint8Array {
  return sha256(utf8(token))
}
