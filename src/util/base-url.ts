/** Host names of the local machine. */
const LOOPBACK = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/

/**
 * Asserts a base URL to which requests with secrets may be sent.
 *
 * @returns the URL without trailing slashes
 * @throws {TypeError} unless it is https, or http on a loopback host; also if it has a password, a query or a fragment
 */
export function checkBaseUrl(value: unknown, name: string): string {
  // Messages do not contain the URL, which may have a password.
  const { protocol, hostname, username, password, href, origin, pathname } = parseUrl(value, name)
  // Checked in the text: the parser does not report an empty query or fragment, but a path would be appended to it.
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
    // Not as the cause: the platform's message may contain the URL.
  }
  throw new TypeError(`${name} must be an absolute URL`)
}
