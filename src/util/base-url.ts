/** Hosts that a request reaches without leaving the machine. */
const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/

/**
 * Asserts a URL that requests with secrets may go to, and that paths are appended to.
 *
 * @returns the URL without slashes at its end
 * @throws {TypeError} unless it is https, or http on a loopback host; or if it holds a password, a query or a fragment
 */
export function checkBaseUrl(value: unknown, name: string): string {
  // The URL itself stays out of the messages: it may hold a password.
  const { protocol, hostname, username, password, href, origin, pathname } = parseUrl(value, name)
  // By the text: an empty query or fragment is none to the parser, and goes before what is appended all the same.
  if (username || password || /[?#]/.test(href)) throw new TypeError(`${name} must hold no password, query or fragment`)
  if (protocol !== 'https:' && !(protocol === 'http:' && LOOPBACK.test(hostname))) {
    throw new TypeError(`${name} must be https, or http on a loopback host`)
  }
  return origin + pathname.replace(/\/+$/, '')
}

function parseUrl(value: unknown, name: string): URL {
  try {
    if (typeof value === 'string') return new URL(value)
  } catch {
    // What the platform's error says may hold the URL.
  }
  throw new TypeError(`${name} must be an absolute URL`)
}
