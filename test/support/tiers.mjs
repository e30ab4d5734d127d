// @ts-check
// Which test files run when. Plain JavaScript, because both the test runner's configuration and Node scripts read it.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * - `quick`: in Node, without what SLOW names
 * - `usual`: Node, without what LATER names, and what BY_ENGINE names in every browser
 * - `rest`: the files that `usual` leaves out: in Node, and each other one in Firefox or WebKit. Chromium's engine is Node's
 * - `all`: everything in every engine
 *
 * @typedef {'quick' | 'usual' | 'rest' | 'all'} Tier
 */

/** @type {readonly Tier[]} */
export const TIERS = ['quick', 'usual', 'rest', 'all']

/** Folders and files that `quick` leaves out, and why. @type {Readonly<Record<string, string>>} */
export const SLOW = {
  'test/assembly/': 'compiles WebAssembly modules of its own',
  'test/crash/': 'ends every operation at some point, over and over',
  'test/custodian/': 'makes a database for each file',
  'test/docs/': 'compiles and runs what the documents show',
  'test/e2e/': 'starts servers as processes and builds the package',
  'test/fuzz/': 'tries thousands of inputs',
  'test/model/': 'walks through thousands of states',
  'test/portal/': 'makes a database',
  'test/server/': 'makes a database for each file',
  'test/adapters/wallet.node.test.ts': 'starts a chain',
  'test/client/actions/devices.node.test.ts': 'makes a database',
  'test/client/actions/export.node.test.ts': 'makes a database',
  'test/protocol/ecdsa/adversary/': 'plays a signature for every way to cheat',
  'test/protocol/ecdsa/ot/base-ot.test.ts': 'runs the portable backend, which is slow here',
  'test/protocol/ecdsa/constant-time.node.test.ts': 'records what whole runs read, write and branch on',
  'test/protocol/ecdsa/many.node.test.ts': 'makes a thousand signatures',
  'test/remote/covered-button.node.test.ts': 'starts a browser',
  'test/storage/file-faults.node.test.ts': 'fails at every call of the file system',
  'test/backup/google-drive/faults.test.ts': 'fails at every request',
  'test/backup/icloud/icloud-faults.node.test.ts': 'fails at every request',
}

/** What `quick` runs although SLOW names its folder: one file for each thing that a change is likely to break there. */
export const QUICK_ALL_THE_SAME = [
  'test/custodian/handler.node.test.ts',
  'test/custodian/webhook.node.test.ts',
  'test/server/access/access.node.test.ts',
  'test/server/http/bad-input.node.test.ts',
  'test/server/operations/ecdsa/sign.node.test.ts',
  'test/server/operations/flows.node.test.ts',
  'test/server/http/sealed.node.test.ts',
  'test/server/operations/sessions.node.test.ts',
]

/**
 * Files that `usual` leaves to `rest` in Node, and why: they take most time of all, and say seldom what no other test says.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const LATER = {
  'test/backup/google-drive/faults.test.ts': 'fails at every request',
  'test/crash/client-ends.node.test.ts': 'ends every operation at some point',
  'test/crash/client-moves.node.test.ts': 'moves the client at some request',
  'test/crash/interleavings.node.test.ts': 'tries the orders of two actions',
  'test/crash/killed-processes.node.test.ts': 'starts processes',
  'test/crash/network-fails.node.test.ts': 'fails at every request',
  'test/crash/server-ends': 'ends every operation at some point',
  'test/docs/commands.node.test.ts': 'runs the commands that the documents show',
  'test/e2e/copies.node.test.ts': 'builds the package several times',
  'test/e2e/demo.node.test.ts': 'runs the demo, as `npm run check` does',
  'test/fuzz/': 'tries thousands of inputs',
  'test/model/life-cycle.node.test.ts': 'walks through thousands of states',
  'test/protocol/ecdsa/many.node.test.ts': 'makes a thousand signatures',
  'test/server/bin': 'starts a process for each test',
  'test/server/moves/move-crashes.node.test.ts': 'ends a move at every statement',
  'test/server/moves/restored-orders.node.test.ts': 'restores three shards over and over',
  'test/storage/file-faults.node.test.ts': 'fails at every call of the file system',
}

/**
 * What has a process of its own in Node, and why. The other files share a process for each core, one after the other, with the
 * modules and the database engine that the first of them has loaded: what a file changes of these it must put back.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const OWN_PROCESS = {
  'test/adapters/wallet.node.test.ts': 'starts a chain',
  'test/adapters/viem/': 'starts a chain, replaces globals',
  'test/backup/file-faults.node.test.ts': 'replaces a module',
  'test/backup/some-of-kept.node.test.ts': 'replaces Uint8Array',
  'test/backup/some-of-repeated.node.test.ts': 'replaces a module',
  'test/backup/some-of-wiped.node.test.ts': 'replaces Uint8Array',
  'test/channel/wiped.node.test.ts': 'replaces Uint8Array',
  'test/client/actions/export.node.test.ts': 'replaces a module',
  'test/client/actions/import-wiped.node.test.ts': 'replaces Uint8Array',
  'test/client/join/wiped.node.test.ts': 'replaces Uint8Array',
  'test/crash/interleavings.node.test.ts': 'loads modules again',
  'test/crash/killed-processes.node.test.ts': 'starts processes',
  'test/curve/fallback.node.test.ts': 'loads modules again',
  'test/docs/': 'starts processes, replaces globals',
  'test/e2e/copies.node.test.ts': 'loads the package several times',
  'test/e2e/demo.node.test.ts': 'starts processes',
  'test/hpke/agree.node.test.ts': 'replaces a module',
  'test/hpke/wiped.node.test.ts': 'replaces Uint8Array',
  'test/model/life-cycle.node.test.ts': 'keeps many states in memory',
  'test/remote/covered-button': 'starts a browser',
  'test/repository/': 'loads compilers',
  'test/server/bin': 'starts processes',
  'test/server/no-wasm.node.test.ts': 'loads modules again',
  'test/service/database.node.test.ts': 'starts processes',
  'test/storage/file': 'replaces a module, starts processes',
  'test/storage/lock/wiped.node.test.ts': 'replaces Uint8Array',
  'test/util/owner.node.test.ts': 'starts processes',
  'test/util/random.node.test.ts': 'loads modules again',
  'test/util/wiped.node.test.ts': 'loads modules again',
  'test/wasm/': 'loads modules again',
  'test/workers/': 'starts workers',
}

/**
 * What takes longest in Node, longest first: begun first, so that no core is left alone with it at the end.
 *
 * @type {readonly string[]}
 */
export const LONGEST = [
  'test/server/bin.node.test.ts',
  'test/model/life-cycle.node.test.ts',
  'test/server/bin-files.node.test.ts',
  'test/docs/snippets.node.test.ts',
  'test/storage/file-faults.node.test.ts',
  'test/crash/killed-processes.node.test.ts',
  'test/e2e/copies.node.test.ts',
  'test/e2e/demo.node.test.ts',
  'test/crash/interleavings.node.test.ts',
  'test/server/bin-settings.node.test.ts',
  'test/docs/tutorial.node.test.ts',
  'test/docs/commands.node.test.ts',
  'test/server/settings.node.test.ts',
  'test/e2e/gateway.node.test.ts',
  'test/crash/server-ends-and-client-repeats.node.test.ts',
  'test/protocol/ecdsa/many.node.test.ts',
  'test/crash/network-fails.node.test.ts',
  'test/crash/client-ends.node.test.ts',
  'test/crash/server-ends.node.test.ts',
  'test/e2e/flows.node.test.ts',
  'test/e2e/relay.node.test.ts',
]

/** What can differ from one JavaScript engine to another, which `usual` runs in every browser. @type {Readonly<Record<string, string>>} */
export const BY_ENGINE = {
  'test/backup/argon2.test.ts': 'WebAssembly',
  'test/backup/icloud/icloud-sessions.test.ts': 'Web Locks',
  'test/backup/icloud/icloud-users.test.ts': 'localStorage',
  'test/backup/icloud/icloud.browser.test.ts': 'fetch, Web Locks, messages of windows',
  'test/backup/google-drive/hostile.test.ts': 'Request, Response, streams',
  'test/backup/passkey': 'WebAuthn',
  'test/backup/password.test.ts': 'WebAssembly, strings',
  'test/backup/seal-open.test.ts': 'streams',
  'test/backup/some-of-vector.test.ts': 'WebCrypto, WebAssembly',
  'test/backup/x25519.test.ts': 'WebCrypto',
  'test/browser/': "recovery, a join and Portal's calls from end to end, CORS, IndexedDB",
  'test/channel/': 'WebCrypto',
  'test/client/locked/passkey': 'WebAuthn',
  'test/client/wallets/evicted.test.ts': 'IndexedDB',
  'test/client/wallets/storage.test.ts': 'IndexedDB',
  'test/curve/': 'WebAssembly, big integers',
  'test/emulators/': 'Request, Response, streams',
  'test/hpke/': 'WebCrypto',
  'test/protocol/ecdsa/ot/backend.test.ts': 'WebAssembly',
  'test/protocol/ecdsa/ot/vole.test.ts': 'WebAssembly',
  'test/remote/': 'messages, workers, frames',
  'test/storage/': 'IndexedDB, Web Locks',
  'test/transport/': 'fetch',
  'test/util/': 'strings, typed arrays',
  'test/wasm/': 'WebAssembly',
}

/** @param {string} name @returns {name is Tier} */
const isTier = (name) => TIERS.some((tier) => tier === name)

/**
 * The tier that a text names.
 *
 * @param {string} [name]
 * @returns {Tier} `all` for no text: the files that a run of vitest names are there, whichever they are
 * @throws {RangeError} for another text
 */
export function tierOf(name = 'all') {
  if (isTier(name)) return name
  throw new RangeError(`no tier "${name}", expected ${TIERS.join(', ')}`)
}

/** All test files, as paths from the root of the repository. @returns {string[]} */
export function allTestFiles() {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/${name.replaceAll('\\', '/')}`)
    .sort()
}

/** @param {string} path @param {Iterable<string>} beginnings */
const startsWithOneOf = (path, beginnings) => [...beginnings].some((beginning) => path.startsWith(beginning))

/** @param {string} path */
const isLater = (path) => startsWithOneOf(path, Object.keys(LATER))

/** @param {string} path */
const isQuick = (path) => !startsWithOneOf(path, Object.keys(SLOW)) || QUICK_ALL_THE_SAME.includes(path)

/** Whether a file has a process of its own in Node. @param {string} path */
export const hasOwnProcess = (path) => startsWithOneOf(path, Object.keys(OWN_PROCESS))

/** @param {string} path */
const dependsOnEngine = (path) => startsWithOneOf(path, Object.keys(BY_ENGINE))

/** Which browser `rest` runs a file in: by its name, so that a new file moves no other. @param {string} path */
const browserOfRest = (path) =>
  [...path].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 2 === 0 ? 'firefox' : 'webkit'

/**
 * The files of a tier.
 *
 * @param {Tier} tier
 * @param {import('./browsers/engines.mjs').Engine} engine
 * @param {readonly string[]} [files]
 * @returns {string[]}
 */
export function filesOf(tier, engine, files = allTestFiles()) {
  if (engine === 'node') {
    const inNode = files.filter((path) => !path.endsWith('.browser.test.ts'))
    if (tier === 'quick') return inNode.filter(isQuick)
    return tier === 'all' ? inNode : inNode.filter((path) => isLater(path) === (tier === 'rest'))
  }
  const inBrowsers = files.filter((path) => !path.endsWith('.node.test.ts'))
  if (tier === 'quick') return []
  if (tier === 'all') return inBrowsers
  if (tier === 'usual') return inBrowsers.filter(dependsOnEngine)
  return inBrowsers.filter((path) => !dependsOnEngine(path) && browserOfRest(path) === engine)
}
