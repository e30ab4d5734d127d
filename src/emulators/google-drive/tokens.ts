import type { ServiceClock } from '../clock.ts'
import { DriveError } from './errors.ts'

/** The scopes of the Drive API that matter here. */
export const APPDATA_SCOPE = 'https://www.googleapis.com/auth/drive.appdata'
const DRIVE_SCOPE = /^https:\/\/www\.googleapis\.com\/auth\/drive(\.\w+)*$/

interface Token {
  readonly account: string
  readonly scopes: readonly string[]
  readonly expiresAt: number
}

/** Options of an access token. */
export interface DriveTokenOptions {
  /** Default: `drive.appdata` alone. */
  readonly scopes?: readonly string[]
  /** Milliseconds. Default: an hour. */
  readonly expiresInMs?: number
}

/** The access tokens of all accounts. */
export class AccessTokens {
  readonly #clock: ServiceClock
  readonly #newToken: () => string
  readonly #tokens = new Map<string, Token>()

  constructor(clock: ServiceClock, newToken: () => string) {
    this.#clock = clock
    this.#newToken = newToken
  }

  issue(account: string, { scopes = [APPDATA_SCOPE], expiresInMs = 3_600_000 }: DriveTokenOptions): string {
    const token = `ya29.${this.#newToken()}`
    this.#tokens.set(token, { account, scopes, expiresAt: this.#clock.now() + expiresInMs })
    return token
  }

  revokeAll(account: string): void {
    for (const [token, { account: owner }] of this.#tokens) if (owner === account) this.#tokens.delete(token)
  }

  /**
   * The account of a request.
   *
   * @throws {DriveError} if the token is none, has expired, or lacks `drive.appdata`
   */
  accountOf(headers: Headers): string {
    const header = headers.get('authorization')
    if (header === null) throw new DriveError('required')
    const token = this.#tokens.get(/^Bearer (\S+)$/.exec(header)?.[1] ?? '')
    if (token === undefined || token.expiresAt <= this.#clock.now()) throw new DriveError('authError')
    if (token.scopes.includes(APPDATA_SCOPE)) return token.account
    throw new DriveError(
      token.scopes.some((scope) => DRIVE_SCOPE.test(scope)) ? 'insufficientScopes' : 'insufficientPermissions',
    )
  }
}
