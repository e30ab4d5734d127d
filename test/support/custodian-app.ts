import {
  createCustodian,
  webhookCustodian,
  type Custodian,
  type CustodianApp,
  type CustodianOptions,
} from '../../src/custodian/index.ts'
import { getGroup } from '../../src/curve/index.ts'
import { encodeWalletShares } from '../../src/key-share/index.ts'
import { toBase64, toHex, utf8 } from '../../src/util/bytes.ts'
import type { WalletPair } from './wallet-pair.ts'

export const WEBHOOK_SECRET = 'webhook-secret-of-the-tests'
/** The header by which a user says who asks. */
export const USER_HEADER = 'x-test-user'
const URL = 'https://app.test'

/** The ids that the app has for the user of a name. */
export const userOf = (name: string) => ({ userId: `user ${name}`, clientId: `client ${name}` })

export const usersPath = (name: string) =>
  `/users/${encodeURIComponent(userOf(name).userId)}/encrypted-user-backup-shares`
export const clientsPath = (name: string) => `/clients/${encodeURIComponent(userOf(name).clientId)}/backup`

/** The app's backend, of which a test needs to give the database alone. */
export function custodianApp(options: Partial<CustodianOptions> & Pick<CustodianOptions, 'database'>): CustodianApp {
  return createCustodian({
    webhookSecret: WEBHOOK_SECRET,
    masterKey: utf8('the custodian key of these tests'),
    authenticateUser: ({ headers }) => {
      const name = headers.get(USER_HEADER)
      return name ? userOf(name) : undefined
    },
    ...options,
  })
}

export const fetchFrom =
  (app: Pick<CustodianApp, 'fetch'>): typeof fetch =>
  (input, init) =>
    app.fetch(new Request(input, init))

/** The app as the signing server sees it. */
export function custodianOf(
  app: Pick<CustodianApp, 'fetch'>,
  options: { readonly url?: string; readonly secret?: string } = {},
): Required<Custodian> {
  const settings = { url: URL, secret: WEBHOOK_SECRET, ...options, fetch: fetchFrom(app) }
  return webhookCustodian(settings) as Required<Custodian>
}

export interface AppRequest {
  readonly body?: unknown
  /** In place of `body`. */
  readonly raw?: string
  readonly secret?: string | null
  /** The name of the user who asks. */
  readonly user?: string | undefined
  readonly type?: string | null
}

export interface AppResponse {
  readonly status: number
  readonly headers: Headers
  /** The body, or undefined if it is empty. */
  readonly json: unknown
  /** The code of the error, or `OK`. */
  readonly code: string
}

/** Sends a request to the app, with the secret of the signing server unless it says otherwise. */
export async function request(
  app: Pick<CustodianApp, 'fetch'>,
  method: string,
  path: string,
  options: AppRequest = {},
): Promise<AppResponse> {
  const { body, raw, secret = WEBHOOK_SECRET, user, type = 'application/json' } = options
  const text = raw ?? (body === undefined ? undefined : JSON.stringify(body))
  const headers = new Headers({
    ...(secret !== null && { 'x-webhook-secret': secret }),
    ...(user !== undefined && { [USER_HEADER]: user }),
    ...(type !== null && { 'content-type': type }),
    origin: URL,
  })
  // A text has a type of its own, unless it is sent as bytes.
  const bytes = text === undefined ? {} : { body: type === null ? (utf8(text) as Uint8Array<ArrayBuffer>) : text }
  const answer = await app.fetch(new Request(`${URL}${path}`, { method, headers, ...bytes }))
  const content = await answer.text()
  const json = content === '' ? undefined : (JSON.parse(content) as { error?: { id: string } } | null)
  return { status: answer.status, headers: answer.headers, json, code: json?.error?.id ?? 'OK' }
}

/** Stores a custodian's share for the client of a user. */
export function storeShare(
  app: Pick<CustodianApp, 'fetch'>,
  user: string,
  setId: string,
  share: Uint8Array,
): Promise<AppResponse> {
  const body = { clientId: userOf(user).clientId, backupMethod: 'PASSWORD', share: toBase64(share), setId }
  return request(app, 'POST', '/backup', { body })
}

/** Stores the custodian's share of a backup set. */
export const storeBackup = (app: Pick<CustodianApp, 'fetch'>, user: string, { other }: WalletPair) =>
  storeShare(app, user, toHex(other.setId), encodeWalletShares(getGroup, other))
