// @ts-check
// What is bundled together; size-limits.mjs says how large each bundle may be.

const SERVER = ['dist/server/', 'dist/custodian/', 'node_modules/hono/', 'node_modules/@hono/']
const DATABASES = ['node_modules/pg/', 'node_modules/@electric-sql/']
const SEALING = ['dist/backup/']
const CLIENT = ['dist/client/', 'dist/storage/']
/** What a client that signs by FROST alone has no use for. */
const ECDSA = ['dist/client/ecdsa/', 'dist/protocol/ecdsa/', 'dist/wasm/ot.js', 'dist/symmetric/keccak256.js']
const ARITHMETIC = ['dist/wasm/', 'dist/curve/', 'dist/secret-sharing/', 'dist/protocol/']
const CORE = [...ARITHMETIC, 'dist/key-share/']
/** What is in the realm of the client, and not in the app's page. */
const INSIDE = [
  ...SERVER,
  ...DATABASES,
  ...SEALING,
  ...CORE,
  'dist/client/ecdsa/',
  'dist/client/actions/',
  'dist/storage/',
  'dist/remote/host/',
]
/** What only age keys as text need, and not a password. */
const POST_QUANTUM = 'node_modules/@noble/post-quantum/'
const AGE_KEYS = ['dist/backup/age-keys/x25519.js', POST_QUANTUM]
/** What only a runtime without WebAssembly needs. */
const PORTABLE = ['dist/portable.js', 'dist/curve/portable.js', 'node_modules/@noble/curves/secp256k1.js']
const VIEM = ['dist/adapters/viem/', 'dist/adapters/wagmi/', 'node_modules/viem/']
const SOLANA = ['dist/adapters/solana/', 'node_modules/@solana/']
const BITCOIN = ['dist/adapters/bitcoin/', 'node_modules/@scure/btc-signer/']
const CHAINS = ['dist/adapters/', ...VIEM, ...SOLANA, ...BITCOIN]

/** The entry points of a chain, each with what is of other chains or else not for it. */
const OF_ONE_CHAIN = {
  viem: ['dist/adapters/wagmi/', ...SOLANA, ...BITCOIN],
  wagmi: ['node_modules/@wagmi/', ...SOLANA, ...BITCOIN],
  bitcoin: [...VIEM, ...SOLANA],
  policy: ['node_modules/', ...CLIENT, ...CORE, ...CHAINS],
  'policy/ethereum': [...SOLANA, ...BITCOIN, ...CLIENT],
  'policy/bitcoin': [...VIEM, ...SOLANA, ...CLIENT],
  'policy/solana': [...VIEM, ...BITCOIN, ...CLIENT],
}

/**
 * What a user bundles together.
 *
 * @typedef {object} Bundle
 * @property {string} name
 * @property {readonly string[]} entries subpaths of the exports map, each with `: name, name` where not all of it is used
 * @property {'browser' | 'node'} platform
 * @property {readonly string[]} without path parts that no input may have
 */

/** What a wallet app imports: every action, and one transport and one store. */
const APP = ['.', './transport: httpTransport', './storage: indexedDbStore']

/** @param {string} name @param {readonly string[]} more @returns {Bundle} */
const client = (name, more) => ({
  name,
  entries: [...APP, ...more],
  platform: 'browser',
  without: [...SERVER, ...DATABASES, ...SEALING, ...CHAINS, ...PORTABLE],
})

/** What an app has that keeps a key in a cloud. */
const CLOUD = ['./backup: cloudKey', './transport: httpTransport']

/** What seals and opens. @param {string} name @param {readonly string[]} entries @param {readonly string[]} allowed besides */
const sealing = (name, entries, allowed = []) => ({
  name,
  entries,
  platform: /** @type {const} */ ('browser'),
  without: [...SERVER, ...DATABASES, ...CLIENT, ...ARITHMETIC, POST_QUANTUM].filter((part) => !allowed.includes(part)),
})

/** @type {readonly Bundle[]} */
export const BUNDLES = [
  sealing('cloud key', CLOUD),
  sealing('cloud key + Drive', [...CLOUD, './backup/google-drive: googleDrive']),
  sealing('cloud key + iCloud', [...CLOUD, './backup/icloud: iCloud']),
  sealing('backup', ['./backup']),
  // 5 KB of it beside `backup`. It shares bytes, not scalars.
  sealing('backup/some-of', ['./backup/some-of'], ['dist/secret-sharing/']),
  sealing('backup/post-quantum', ['./backup/post-quantum'], [POST_QUANTUM]),
  client('client', []),
  {
    name: 'client + export',
    entries: [...APP, './export'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...CHAINS],
  },
  client('client + join + import', ['./join', './import']),
  {
    name: 'client + portal',
    entries: [...APP, './portal'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...CHAINS, ...AGE_KEYS],
  },
  client('client + module', ['./module']),
  {
    name: 'client + portable',
    entries: [...APP, './portable'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CHAINS],
  },
  {
    name: 'client + password',
    entries: [...APP, './backup: password'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...AGE_KEYS],
  },
  {
    name: 'password',
    entries: ['./backup: password'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...CLIENT, ...CORE, ...AGE_KEYS, 'node_modules/@noble/curves/'],
  },
  {
    name: 'generate, recover, sign',
    entries: ['.: createClient, generateWallet, recoverWallet, sign'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CHAINS, ...PORTABLE],
  },
  {
    name: 'ed25519 alone',
    entries: ['.: createFrostClient, generateWallet, recoverWallet, sign'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CHAINS, ...PORTABLE, ...ECDSA],
  },
  { name: 'remote', entries: ['./remote'], platform: 'browser', without: [...INSIDE, 'node_modules/'] },
  {
    name: 'remote + viem',
    entries: ['./remote', './viem: ethereumAccount'],
    platform: 'browser',
    without: [...INSIDE, ...SOLANA, ...BITCOIN],
  },
  {
    name: 'remote/serve',
    entries: ['./remote/serve'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CORE, ...CHAINS, 'dist/client/', 'node_modules/'],
  },
  {
    name: 'protocol',
    entries: ['./protocol'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CLIENT],
  },
  {
    name: 'transport',
    entries: ['./transport'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CLIENT, ...CORE],
  },
  {
    name: 'channel',
    entries: ['./channel'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CLIENT, ...CORE],
  },
  {
    name: 'storage',
    entries: ['./storage'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CORE],
  },
  ...['storage/key-value', 'storage/lock'].map((name) => ({
    name,
    entries: [`./${name}`],
    platform: /** @type {const} */ ('browser'),
    without: [...SERVER, ...DATABASES, ...SEALING, ...CORE, 'dist/client/', 'node_modules/idb/'],
  })),
  ...['backup', 'custodian', 'transport', 'storage'].map((room) => ({
    name: `${room}/conformance`,
    entries: [`./${room}/conformance`],
    platform: /** @type {const} */ ('browser'),
    without: [...SERVER.filter((part) => part !== `dist/${room}/`), ...CORE, ...CHAINS, 'node_modules/'],
  })),
  {
    name: 'errors',
    entries: ['./errors'],
    platform: 'browser',
    without: ['node_modules/', 'dist/server/', 'dist/client/', ...CORE],
  },
  ...Object.entries(OF_ONE_CHAIN).map(([name, others]) => ({
    name,
    entries: [`./${name}`],
    platform: /** @type {const} */ ('browser'),
    without: [...SERVER, ...DATABASES, ...SEALING, ...others],
  })),
  {
    name: 'solana',
    entries: ['./solana: solanaSigner, solanaAddress'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...VIEM, ...BITCOIN],
  },
  {
    name: 'scalarSigner',
    entries: ['./solana: scalarSigner'],
    platform: 'browser',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CLIENT, ...VIEM, ...BITCOIN],
  },
  {
    name: 'server',
    entries: ['./server'],
    platform: 'node',
    without: [...DATABASES, ...SEALING, ...CLIENT, ...CHAINS, 'dist/policy/'],
  },
  // Everything of the server, with both databases.
  {
    name: 'server/program',
    entries: ['./server/program'],
    platform: 'node',
    without: [...SEALING, ...CLIENT, ...CHAINS],
  },
  {
    name: 'server/pglite',
    entries: ['./server/pglite'],
    platform: 'node',
    without: ['node_modules/pg/', ...SEALING, ...CLIENT, ...CORE],
  },
  {
    name: 'server/postgres',
    entries: ['./server/postgres'],
    platform: 'node',
    without: ['node_modules/@electric-sql/', ...SEALING, ...CLIENT, ...CORE],
  },
  { name: 'custodian', entries: ['./custodian'], platform: 'node', without: [...DATABASES, ...SEALING, ...CLIENT] },
  {
    name: 'workers',
    entries: ['./workers'],
    platform: 'node',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CLIENT, ...CHAINS],
  },
  // 3.9 and 3.4 KB of them beside an app with httpTransport, whose reading of responses they share.
  ...['google-drive', 'icloud'].map((name) => ({
    name: `backup/${name}`,
    entries: [`./backup/${name}`],
    platform: /** @type {const} */ ('browser'),
    without: [...SERVER, ...DATABASES, ...CLIENT, ...CORE, 'node_modules/', 'dist/emulators/'],
  })),
  {
    name: 'emulators',
    entries: ['./emulators'],
    platform: 'browser',
    without: ['node_modules/', ...SERVER, ...SEALING, ...CLIENT, ...CORE],
  },
  {
    name: 'backup/file',
    entries: ['./backup/file'],
    platform: 'node',
    without: [...SERVER, ...DATABASES, 'node_modules/'],
  },
  {
    name: 'storage/file',
    entries: ['./storage/file'],
    platform: 'node',
    without: [...SERVER, ...DATABASES, ...SEALING, ...CORE],
  },
]
