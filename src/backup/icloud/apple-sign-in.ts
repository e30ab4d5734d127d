import { isWebToken, type ICloudAuth } from './auth.ts'
import { isObject, unavailable } from './response.ts'
import { assertObject } from '../../util/arguments.ts'

/** Options of {@link appleSignIn}. */
export interface AppleSignInOptions {
  /**
   * Asked before the window is opened: shows a button, and resolves in its click handler. Browsers open a window only
   * right after a click. Default: the window is opened at once.
   */
  readonly ask?: (options: { readonly signal: AbortSignal }) => Promise<void>
  /** The only origins that are trusted to sign users in. Default: https on Apple's own domains. */
  readonly origins?: readonly string[]
}

const APPLE = /^https:\/\/(?:[a-z0-9-]+\.)*(?:apple\.com|icloud\.com|icloud\.com\.cn|apple-cloudkit\.com)$/
const CLOSED_CHECK_MS = 500
/** A window seems closed, but is not, while it shows a page with a Cross-Origin-Opener-Policy. */
const CLOSED_MS = 30_000

/**
 * Signs the user in by Apple's page in a window of its own, for an API token whose sign-in callback is "Post Message".
 *
 * A message is taken only from that window, and only while it shows a page of Apple; whatever else comes is ignored.
 *
 * @throws {TypeError} if an option is wrong. `signIn` rejects with STORAGE_UNAVAILABLE if the browser blocks the window,
 *   it has been closed for half a minute, the page reports an error, or is none of Apple's.
 */
export function appleSignIn(options: AppleSignInOptions = {}): ICloudAuth {
  const { ask, origins } = assertObject(options, 'appleSignIn')
  if (ask !== undefined && typeof ask !== 'function') throw new TypeError('ask must be a function')
  if (origins !== undefined && !(Array.isArray(origins) && origins.every((origin) => typeof origin === 'string'))) {
    throw new TypeError('origins must be an array of origins')
  }
  const isTrusted = (origin: string) => origins?.includes(origin) ?? APPLE.test(origin)

  return {
    async signIn({ redirectUrl, signal }) {
      if (!isTrusted(originOf(redirectUrl)))
        throw unavailable('the sign-in page is none of Apple', { retryable: false })
      await ask?.({ signal })
      if (signal.aborted) throw unavailable('the sign-in was aborted')
      const opened = globalThis.open(redirectUrl, '_blank', 'popup,width=600,height=760')
      if (opened === null) throw unavailable('the browser blocked the window of the sign-in')
      try {
        return await tokenFrom(opened, isTrusted, signal)
      } finally {
        opened.close()
      }
    },
  }
}

async function tokenFrom(opened: Window, isTrusted: (origin: string) => boolean, signal: AbortSignal): Promise<string> {
  let stop = () => {}
  try {
    return await new Promise<string>((resolve, reject) => {
      const receive = ({ source, origin, data }: MessageEvent<unknown>) => {
        if (source !== opened || !isTrusted(origin) || !isObject(data)) return
        const token = data['ckWebAuthToken'] ?? data['ckSession']
        if (isWebToken(token)) resolve(token)
        else if (typeof (data['errorCode'] ?? data['errorMessage']) === 'string') {
          // Without the message: it is a text of somebody else.
          reject(unavailable('the sign-in page reported an error'))
        }
      }
      const abort = () => reject(unavailable('the sign-in was aborted'))
      let closedMs = 0
      const timer = setInterval(() => {
        closedMs = opened.closed ? closedMs + CLOSED_CHECK_MS : 0
        if (closedMs > CLOSED_MS) reject(unavailable('the window of the sign-in was closed'))
      }, CLOSED_CHECK_MS)
      globalThis.addEventListener('message', receive)
      signal.addEventListener('abort', abort)
      stop = () => {
        clearInterval(timer)
        globalThis.removeEventListener('message', receive)
        signal.removeEventListener('abort', abort)
      }
    })
  } finally {
    stop()
  }
}

function originOf(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return ''
  }
}
