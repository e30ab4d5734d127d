import { createRequire } from 'node:module'
import { createContext, runInContext, runInThisContext, type Context } from 'node:vm'
import { build } from 'esbuild'
import type * as backup from '../../src/backup/index.ts'
import type * as channel from '../../src/channel/index.ts'
import type * as custodian from '../../src/custodian/index.ts'
import type * as errors from '../../src/errors.ts'
import type * as client from '../../src/index.ts'
import type * as protocol from '../../src/protocol/index.ts'
import type * as pglite from '../../src/service/database/pglite.ts'
import type * as postgres from '../../src/service/database/postgres.ts'
import type * as server from '../../src/server/index.ts'
import type * as fileStorage from '../../src/storage/file.ts'
import type * as storage from '../../src/storage/index.ts'
import type * as transport from '../../src/transport/index.ts'
import type * as viem from '../../src/adapters/viem/index.ts'
import { PGlite } from './pglite-reused.ts'

/** A copy of the package with all it depends on, apart from every other copy. */
export interface Copy {
  readonly client: typeof client
  readonly server: typeof server
  readonly pglite: typeof pglite
  readonly postgres: typeof postgres
  readonly custodian: typeof custodian
  readonly protocol: typeof protocol
  readonly backup: typeof backup
  readonly channel: typeof channel
  readonly transport: typeof transport
  readonly storage: typeof storage
  readonly fileStorage: typeof fileStorage
  readonly errors: typeof errors
  readonly viem: typeof viem
}

const SOURCES: Readonly<Record<keyof Copy, string>> = {
  client: 'index',
  server: 'server/index',
  pglite: 'service/database/pglite',
  postgres: 'service/database/postgres',
  custodian: 'custodian/index',
  protocol: 'protocol/index',
  backup: 'backup/index',
  channel: 'channel/index',
  transport: 'transport/index',
  storage: 'storage/index',
  fileStorage: 'storage/file',
  errors: 'errors',
  viem: 'adapters/viem/index',
}

/** What a runtime gives besides the language: a realm of `node:vm` has none of it, and gets that of this one, as with Jest. */
const PLATFORM = [
  ...['TextEncoder', 'TextDecoder', 'URL', 'URLSearchParams', 'AbortController', 'AbortSignal', 'Event', 'EventTarget'],
  ...[
    'DOMException',
    'fetch',
    'Headers',
    'Request',
    'Response',
    'ReadableStream',
    'WritableStream',
    'TransformStream',
    'Blob',
    'crypto',
    'CryptoKey',
  ],
  ...['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'queueMicrotask', 'process'],
  ...['structuredClone', 'performance', 'atob', 'btoa', 'console', 'navigator', 'Buffer'],
]

/** Packages are of this realm; new databases are copies of an empty one, which takes a quarter of the time. */
const ownRequire = createRequire(import.meta.url)
const require = ((name: string) => (name === '@electric-sql/pglite' ? { PGlite } : ownRequire(name))) as NodeJS.Require

let bundled: Promise<string> | undefined

/** A second copy of the package in this realm. */
export async function loadCopy(): Promise<Copy> {
  return evaluate((code) => runInThisContext(code) as Evaluate)
}

/** A copy of the package in a realm of its own: its `Uint8Array`, `Error`, `Object` and `Promise` are not the ones here. */
export async function loadRealm(context: Context = createRealm()): Promise<Copy> {
  return evaluate((code) => runInContext(code, context) as Evaluate)
}

/** A new realm with what a runtime gives. */
export function createRealm(): Context {
  const given = PLATFORM.map((name) => [name, (globalThis as Record<string, unknown>)[name]])
  const context = createContext(Object.fromEntries(given) as Context)
  runInContext('globalThis.global = globalThis', context)
  return context
}

type Evaluate = (require: NodeJS.Require) => Copy

async function evaluate(run: (code: string) => Evaluate): Promise<Copy> {
  bundled ??= bundle()
  return run(`(function (require) {\n${await bundled}\nreturn copy\n})`)(require)
}

async function bundle(): Promise<string> {
  const contents = Object.entries(SOURCES).map(([name, path]) => `export * as ${name} from './src/${path}.ts'`)
  const { outputFiles } = await build({
    stdin: { contents: contents.join('\n'), resolveDir: new URL('../..', import.meta.url).pathname },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'copy',
    platform: 'node',
    external: ['@electric-sql/pglite', 'pg-native'],
    // Code in a realm of `node:vm` cannot import; it calls `require` in its place.
    supported: { 'dynamic-import': false },
    // As an application is shipped: what depends on the name of a class shows.
    minify: true,
    logLevel: 'silent',
  })
  return (outputFiles[0] as { text: string }).text
}
