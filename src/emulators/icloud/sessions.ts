import type { ServiceClock } from '../clock.ts'
import { CloudKitRefusal } from './errors.ts'

/** Half an hour: what a token has if the user does not ask to stay signed in. */
const TOKEN_MS = 30 * 60_000

const SIGN_IN_PAGE = 'https://idmsa.apple.com/IDMSWebAuth/auth?oauth_token='

/** Base64, so that a token that is not percent-encoded is found out. */
const TOKEN_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/+/+/'

interface WebSession {
  readonly account: string
  readonly environment: string
  readonly expiresAt: number
}

/** The web tokens of all users, each for one request, and the sign-ins that lead to them. */
export interface WebSessions {
  /**
   * Uses a token up, and puts the one for the next request into a header of the response.
   *
   * @returns the user's account
   * @throws {AUTHENTICATION_REQUIRED} with a page to sign in, if there is no such token
   */
  use(environment: string, token: string | undefined, out: Headers): string
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
    use(environment, token, out) {
      const session = tokens.get(token ?? '')
      if (session === undefined || session.environment !== environment || session.expiresAt <= clock.now()) {
        const page = SIGN_IN_PAGE + text(32)
        pages.set(page, environment)
        throw new CloudKitRefusal('AUTHENTICATION_REQUIRED', 'request needs authorization', page)
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
