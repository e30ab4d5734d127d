import { fromBase64 } from '../../util/bytes.ts'
import type { ServiceClock } from '../clock.ts'
import type { ServiceRequest } from '../faults.ts'
import { emulateService, type EmulatedService } from '../service.ts'
import { textSource } from '../text-source.ts'
import { lookup, modify, sizeOf, type PrivateDatabase, type RecordSchema } from './database.ts'
import { badRequest, CloudKitRefusal, isRefusal } from './errors.ts'
import { parseBody, parseLookup, parseModify, parseZone } from './requests.ts'
import { webSessions } from './sessions.ts'
import { assertObject } from '../../util/arguments.ts'

/** A container's environment, with what its console sets up. */
export interface EmulatedContainer {
  /** The container's id: `iCloud.` and a name. */
  readonly container: string
  /** Which of its two environments. */
  readonly environment: 'development' | 'production'
  /** The API token of this environment. */
  readonly apiToken: string
  /**
   * The fields of each record type, all of type Bytes. In the development environment, a write adds what is missing; in
   * production it is refused. Default: none.
   */
  readonly recordTypes?: Readonly<Record<string, readonly string[]>>
}

/** Options of {@link iCloudEmulator}. */
export interface ICloudEmulatorOptions {
  /** What there is; anything else is refused. */
  readonly containers: readonly EmulatedContainer[]
  /** Default: the clock of the system. */
  readonly clock?: ServiceClock
  /** Where the user's iCloud is full, in bytes of all fields. Default: nowhere. */
  readonly quotaBytes?: number
  /** The page where users sign in: a URL, or a path of the service's own origin. Default: Apple's page. */
  readonly signInPage?: string
  /** What a `create` is refused with if the record exists: the reference's code, or the service's own, which is the default. */
  readonly existsCode?: 'EXISTS' | 'CONFLICT'
}

/** A user of {@link iCloudEmulator} who signs in whenever it is asked for: an `ICloudAuth`. */
export interface EmulatedSignIn {
  /**
   * Signs in by a page that the service has named.
   *
   * @returns a web token
   * @throws {TypeError} if it has named no such page, or a sign-in has used it
   */
  signIn(request: {
    /** The page. */
    readonly redirectUrl: string
  }): Promise<string>
}

/** CloudKit web services in this process. */
export interface ICloudEmulator extends EmulatedService {
  /**
   * A user's sign-in: what Apple's page does.
   *
   * @param account the user's Apple Account: any name; it comes to be by its first use
   * @returns what signs this user in when iCloud asks for it
   */
  auth(account: string): EmulatedSignIn
  /** Ends all web tokens of a user, as if they had expired. */
  signOut(account: string): void
  /** The bytes of each record of a user, by the record's name: all containers and environments together. */
  records(account: string): Map<string, Uint8Array>
}

const PATH = /\/database\/1\/([^/]+)\/(development|production)\/(public|private|shared)\/(records\/(?:modify|lookup))$/

const APPLE_PAGE = 'https://idmsa.apple.com/IDMSWebAuth/auth'

interface Environment {
  readonly name: string
  readonly apiToken: string
  readonly schema: RecordSchema
}

/**
 * Emulates the private databases of CloudKit web services as strictly as their reference allows: every web token serves one
 * request, a `create` is atomic, and a request that is malformed in any way is refused.
 *
 * It knows `records/modify` with `create`, `delete` and `forceDelete`, and `records/lookup`, for fields of type Bytes in the
 * default zone.
 *
 * @throws {TypeError} if there are two containers of one name and environment
 * @example
 * const service = iCloudEmulator({ containers: [{ container, environment: 'development', apiToken }] })
 * const auth = service.auth('ada')
 * const keys = iCloud({ container, environment: 'development', apiToken, fetch: service.fetch, auth })
 */
export function iCloudEmulator(options: ICloudEmulatorOptions): ICloudEmulator {
  const {
    containers,
    quotaBytes = Infinity,
    existsCode = 'CONFLICT',
    signInPage = APPLE_PAGE,
  } = assertObject(options, 'iCloudEmulator')
  if (!Array.isArray(containers)) throw new TypeError('containers must be an array')
  const environments = new Map<string, Environment>()
  for (const { container, environment, apiToken, recordTypes = {} } of containers as readonly EmulatedContainer[]) {
    const name = `${container}/${environment}`
    if (environments.has(name)) throw new TypeError(`there are two containers ${name}`)
    const types = new Map(Object.entries(recordTypes).map(([type, fields]) => [type, new Set(fields)]))
    environments.set(name, { name, apiToken, schema: { types, grows: environment === 'development' } })
  }
  const text = textSource(1)
  const service = emulateService({ clock: options.clock, handle })
  const sessions = webSessions(text, service.clock)
  const databases = new Map<string, Map<string, PrivateDatabase>>()

  function databasesOf(account: string): Map<string, PrivateDatabase> {
    const own = databases.get(account) ?? new Map<string, PrivateDatabase>()
    databases.set(account, own)
    return own
  }

  function handle(request: ServiceRequest): Response {
    const headers = new Headers()
    try {
      return Response.json(respond(request, headers), { headers })
    } catch (error) {
      if (!isRefusal(error)) throw error
      return Response.json(error.fields(text(32)), { status: error.status, headers })
    }
  }

  function respond({ method, url, headers, body }: ServiceRequest, out: Headers): object {
    const [, container, environment, scope, operation] = PATH.exec(url.pathname) ?? []
    const found = environments.get(`${container}/${environment}`)
    if (found === undefined) throw new CloudKitRefusal('NOT_FOUND', 'no such container or operation')
    if (method !== 'POST') throw badRequest('the method must be POST')
    const { ckAPIToken, ckWebAuthToken } = parseQuery(url)
    if (ckAPIToken !== found.apiToken) throw new CloudKitRefusal('AUTHENTICATION_FAILED', 'Authentication failed')
    if (scope !== 'private') throw new CloudKitRefusal('ACCESS_DENIED', 'only private databases are emulated')
    const page = new URL(signInPage, url).href
    const account = sessions.use({ environment: found.name, token: ckWebAuthToken, page }, out)
    const parsed = parseBody(body, headers.get('content-type'))
    if (parseZone(parsed['zoneID']) !== '_defaultZone') throw new CloudKitRefusal('ZONE_NOT_FOUND', 'Zone not found')
    const own = databasesOf(account)
    const database = own.get(found.name) ?? { records: new Map(), changes: 0 }
    own.set(found.name, database)
    if (operation === 'records/lookup') {
      const { names, desiredKeys } = parseLookup(parsed)
      return { records: names.map((name) => unlessRefused(name, () => lookup(database, name, desiredKeys))) }
    }
    const { schema } = found
    const context = { database, schema, now: service.clock.now(), existsCode }
    return {
      records: parseModify(parsed).map((change) =>
        unlessRefused(change.recordName, () => modify(change, { ...context, freeBytes: quotaBytes - usedBytes(own) })),
      ),
    }
  }

  function unlessRefused(recordName: string, work: () => object): object {
    try {
      return work()
    } catch (error) {
      if (!isRefusal(error)) throw error
      return { recordName, ...error.fields(text(32)) }
    }
  }

  return {
    ...service,
    auth: (account) => ({ signIn: async ({ redirectUrl }) => sessions.signIn(redirectUrl, account) }),
    signOut: (account) => sessions.signOut(account),
    records(account) {
      const all = [...databasesOf(account).values()].flatMap(({ records }) => [...records])
      const bytes = ([name, { fields }]: (typeof all)[number]) =>
        [name, fromBase64(Object.values(fields)[0]?.value ?? '')] as const
      return new Map(all.map(bytes))
    },
  }
}

function usedBytes(databases: ReadonlyMap<string, PrivateDatabase>): number {
  const records = [...databases.values()].flatMap((database) => [...database.records.values()])
  return records.reduce((sum, { fields }) => sum + sizeOf(fields), 0)
}

/** The tokens of a query, where each must be percent-encoded: a bare `+`, `/` or `=` is refused. */
function parseQuery(url: URL): Record<string, string | undefined> {
  const values: Record<string, string> = {}
  for (const part of url.search.slice(1).split('&')) {
    const [, name, value] = /^(ckAPIToken|ckWebAuthToken)=((?:[\w.~!*'()-]|%[2-7][0-9A-F])+)$/.exec(part) ?? []
    if (name === undefined || value === undefined || name in values) throw badRequest('bad query')
    values[name] = decodeURIComponent(value)
  }
  return values
}
