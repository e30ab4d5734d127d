import { isMpcError, type MpcError } from '../../errors.ts'
import { assertObject } from '../../util/arguments.ts'
import { untilAborted } from '../../util/exchange.ts'
import { within } from '../../util/within.ts'
import { APPDATA_SCOPE, field, unavailable } from './failures.ts'
import type { GetToken } from './requests.ts'

/** Options of {@link googleIdentityToken}. */
export interface GoogleIdentityOptions {
  /** The OAuth client id of the web app: `….apps.googleusercontent.com`. */
  readonly clientId: string
  /** The e-mail address of the account that is proposed to the user. Default: none. */
  readonly loginHint?: string
}

/** What is used of Google Identity Services. */
interface TokenClientConfig {
  readonly client_id: string
  readonly scope: string
  readonly prompt: string
  readonly include_granted_scopes: boolean
  readonly login_hint?: string
  readonly callback: (response: unknown) => void
  readonly error_callback: (error: unknown) => void
}
interface GoogleGlobal {
  readonly google?: {
    readonly accounts?: {
      readonly oauth2?: { initTokenClient?(config: TokenClientConfig): { requestAccessToken(): void } }
    }
  }
}

/** A sign-in takes a user no longer; of a window that Google cannot watch, nothing is heard. */
const SIGN_IN_MS = 300_000
/** A token is replaced so long before it expires. */
const MARGIN_MS = 60_000

/**
 * Access tokens for {@link googleDrive} in a page, by Google Identity Services: load
 * `https://accounts.google.com/gsi/client` first. Google shows a window when the user has to choose an account or to agree,
 * so that the first token is to be asked for in a click. A token is kept, in memory alone, until it expires.
 *
 * The source rejects with STORAGE_UNAVAILABLE if the window is blocked or closed, if the user does not agree, or after
 * five minutes; with ABORTED if its signal is aborted.
 *
 * @throws {TypeError} if an option is wrong
 * @example
 * const getToken = googleIdentityToken({ clientId: '1234.apps.googleusercontent.com' })
 * const storage = googleDrive({ getToken })
 */
export function googleIdentityToken(options: GoogleIdentityOptions): GetToken {
  const { clientId, loginHint } = assertObject(options, 'googleIdentityToken')
  if (typeof clientId !== 'string' || clientId === '') throw new TypeError('clientId must be a client id')
  if (loginHint !== undefined && typeof loginHint !== 'string') throw new TypeError('loginHint must be a string')
  let cached: AccessToken | undefined
  let asking: { readonly token: Promise<AccessToken>; waiting: number } | undefined

  return async ({ force, signal }) => {
    if (!force && cached !== undefined && Date.now() < cached.expiresAt) return cached.token
    cached = undefined
    // One window for all who ask at the same time, until the last of them has ended.
    const current = (asking ??= { token: askForToken(clientId, loginHint), waiting: 0 })
    current.waiting++
    try {
      cached = await untilAborted(signal, current.token)
      return cached.token
    } finally {
      current.waiting--
      if (current.waiting === 0 && asking === current) asking = undefined
    }
  }
}

interface AccessToken {
  readonly token: string
  readonly expiresAt: number
}

async function askForToken(clientId: string, loginHint: string | undefined): Promise<AccessToken> {
  const oauth2 = (globalThis as GoogleGlobal).google?.accounts?.oauth2
  if (typeof oauth2?.initTokenClient !== 'function')
    throw unavailable('https://accounts.google.com/gsi/client is not loaded')
  const ask = () =>
    new Promise<AccessToken>((resolve, reject) => {
      const client = oauth2.initTokenClient?.({
        client_id: clientId,
        scope: APPDATA_SCOPE,
        prompt: '',
        // Else the token has every scope that the user has ever granted this client.
        include_granted_scopes: false,
        ...(loginHint !== undefined && { login_hint: loginHint }),
        callback(response) {
          const result = readResponse(response)
          if (isMpcError(result)) reject(result)
          else resolve(result)
        },
        error_callback: (error) => reject(refused(field(error, 'type'))),
      })
      client?.requestAccessToken()
    })
  return within(SIGN_IN_MS, ask, () => unavailable('nobody signed in within five minutes'))
}

function readResponse(response: unknown): AccessToken | MpcError {
  const [token, expiresIn, scope, error] = ['access_token', 'expires_in', 'scope', 'error'].map((name) =>
    field(response, name),
  )
  if (error !== undefined) return refused(error)
  // Users may agree to a part of what is asked for.
  if (typeof scope !== 'string' || !scope.split(' ').includes(APPDATA_SCOPE)) {
    return unavailable(`the user did not grant the scope ${APPDATA_SCOPE}`)
  }
  const seconds = Number(expiresIn)
  if (typeof token !== 'string' || !(seconds > 0)) return unavailable('Google gave no access token')
  return { token, expiresAt: Date.now() + seconds * 1000 - MARGIN_MS }
}

const REFUSALS: Readonly<Record<string, string>> = {
  popup_failed_to_open: 'the browser blocked the window of the sign-in, which opens after a click only',
  popup_closed: 'the window of the sign-in was closed',
  access_denied: 'the user did not allow the access',
}

function refused(reason: unknown): MpcError {
  const name = typeof reason === 'string' && /^\w{1,64}$/.test(reason) ? reason : 'unknown'
  return unavailable((field(REFUSALS, name) as string | undefined) ?? `the sign-in failed (${name})`)
}
