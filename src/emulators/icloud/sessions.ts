import type { ServiceClock } from '../clock.ts'
import { CloudKitRefusal } from './errors.ts'

/** Half an hour: what a token has if the user does not ask to stay signed in. */
const TOKEN_MS = 30 * 60_000

/** Base64, so that a token that is not percent-encoded is found out. */
const TOKEN_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/+/+/'

interface WebSession {
  readonly account: string
  readonly environment: string
  readonly expiresAt: number
}

/** What a request says of its session. */
export interface SessionRequest {
  readonly environment: string
  readonly token: string | undefined
  /** Where its user can sign in. */
  readonly page: string
}

/** The web tokens of all users, each for one request, and the sign-ins that lead to them. */
export interface WebSessions {
  /**
   * Uses the token of a request up, and puts the one for the next request into a header of the response.
   *
   * @returns the user's account
   * @throws {AUTHENTICATION_REQUIRED} with a page to sign in, if there is no such token
   */
  use(request: SessionRequest, out: Headers): string
  /**
   * What Apple's page does once the user has signed in.
   *
   * @returns a web token
   * @throws {TypeError} if no response has named this page, or a sign-in has used it
   */
  signIn(redirectUrl: string, account: string): string
  /** Ends all tokens of a user. */
  signOut(account: string): void
}

/** @param text makes texts that are all different */
export function webSessions(text: (length: number, alphabet?: string) => string, clock: ServiceClock): WebSessions {
  const tokens = new Map<string, WebSession>()
  const pages = new Map<string, string>()

  function issue(account: string, environment: string): string {
    const token = `${text(60, TOKEN_ALPHABET)}+/==`
    tokens.set(token, { account, environment, expiresAt: clock.now() + TOKEN_MS })
    return token
  }

  return {
    use({ environment, token, page }, out) {
      const session = tokens.get(token ?? '')
      if (session === undefined || session.environment !== environment || session.expiresAt <= clock.now()) {
        const redirectURL = `${page}?oauth_token=${text(32)}`
        pages.set(redirectURL, environment)
        throw new CloudKitRefusal('AUTHENTICATION_REQUIRED', 'request needs authorization', redirectURL)
      }
      tokens.delete(token ?? '')
      out.set('x-apple-cloudkit-web-auth-token', issue(session.account, environment))
      return session.account
    },
    signIn(redirectUrl, account) {
      const environment = pages.get(redirectUrl)
      if (environment === undefined) throw new TypeError('there is no such sign-in page')
      pages.delete(redirectUrl)
      return issue(account, environment)
    },
    signOut(account) {
      for (const [token, session] of tokens) if (session.account === account) tokens.delete(token)
    },
  }
}
