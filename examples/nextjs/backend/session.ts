// Stands for your own login: one user, ann, whose session is a cookie that the app has signed.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const LASTS_MS = 3_600_000

/** The value of an environment variable. @throws {Error} if it is missing */
export function setting(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} must be set`)
  return value
}

const macOf = (text: string) => createHmac('sha256', setting('SESSION_SECRET')).update(text).digest('hex')

/** Whether two texts are the same, in a time that does not depend on where they differ. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer]
  return timingSafeEqual(one, other)
}

/** The cookie of a new session; undefined if the password is wrong. */
export function logIn(password: string): string | undefined {
  if (!isSame(password, setting('APP_PASSWORD'))) return undefined
  const text = `ann.${Date.now() + LASTS_MS}`
  // `Strict`: no page of another site makes a request with it. An app over https adds `Secure`.
  return `session=${text}.${macOf(text)}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${LASTS_MS / 1000}`
}

/** The user of a request's session, and their client at the signing server. */
export function userOf(headers: Headers): { readonly userId: string; readonly clientId: string } | undefined {
  const [, userId, expires, mac] = /(?:^|; )session=(\w+)\.(\d+)\.([0-9a-f]+)/.exec(headers.get('cookie') ?? '') ?? []
  if (userId === undefined || expires === undefined || mac === undefined) return undefined
  if (!isSame(mac, macOf(`${userId}.${expires}`)) || Number(expires) < Date.now()) return undefined
  return { userId, clientId: userId }
}
