import { readFileSync } from 'node:fs'

// Who may import whom. The layers, from the bottom up:
//   errors, types, util, symmetric <- wasm <- curve <- secret-sharing <- key-share <- protocol <- wire <- client | service <- server | custodian
// backup sits on key-share; hpke on util, below the protocol and below the channel between client and server. Adapters see
// their own family, the shared vocabulary and nothing of the cryptography; those for chains use the client as an
// application does.

/** The files of the program `reshare-server`, without their ending. */
const PROGRAM = 'program(-(commands|database|env|events|keys|log|monitor|moves))?'

const BASE = ['errors', 'types', 'util', 'symmetric']
const CORE = [...BASE, 'wasm', 'curve', 'secret-sharing', 'key-share']

/** What each folder of src may import besides itself; a type file stands for its family. */
const MAY_IMPORT = {
  errors: ['util/brand'],
  types: [],
  util: BASE,
  symmetric: ['util/bytes'],
  hpke: BASE,
  webauthn: BASE,
  wasm: BASE,
  curve: [...BASE, 'wasm'],
  'secret-sharing': [...BASE, 'curve'],
  'key-share': [...BASE, 'curve', 'secret-sharing'],
  protocol: [...CORE, 'hpke'],
  wire: [...CORE, 'protocol'],
  service: [...BASE, 'curve', 'wire'],
  channel: [...BASE, 'hpke', 'wire/(error-body|versions)', 'storage/types', 'transport/types', 'transport/request'],
  portal: [...BASE, 'index', 'export', 'backup'],
  workers: [...CORE, 'protocol'],
  module: [...BASE, 'wasm'],
  portable: [...CORE, 'protocol'],
  export: ['client'],
  join: ['client'],
  import: ['client'],
  client: [...CORE, 'hpke', 'protocol', 'wire', 'backup/types', 'storage/types', 'transport/types'],
  server: [
    ...CORE,
    'hpke',
    'protocol',
    'wire',
    'service',
    'channel/(messages|seal)',
    'custodian/types',
    'policy/types',
  ],
  policy: [...BASE, 'wire', 'adapters', 'server/access/(policy|conditions|reservation)'],
  backup: [...CORE, 'hpke', 'webauthn'],
  storage: [...BASE, 'webauthn'],
  transport: [...BASE, 'wire'],
  emulators: BASE,
  custodian: [...CORE, 'protocol', 'wire', 'service'],
  adapters: [...BASE, 'curve', 'index'],
  remote: [...BASE, 'index', 'client/wallet-keys', 'wire/intent-length'],
}

const manifest = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const PEERS = Object.keys(manifest.peerDependencies)

/** @param {string} name a folder or a file of src, without its ending */
const within = (name) => `^src/${name}(/|[.]ts$)`
/** @param {readonly string[]} names */
const withinAny = (names) => `^src/(${names.join('|')})(/|[.]ts$)`

const layers = Object.entries(MAY_IMPORT).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  comment: `${folder} may import ${allowed.join(', ') || 'nothing'}`,
  severity: 'error',
  // A program is put together from every family; the adapters have a rule of their own.
  from: { path: within(folder), pathNot: `^src/server/${PROGRAM}[.]ts$` },
  to: { path: '^src/', pathNot: withinAny([folder, ...allowed]) },
}))

/** The adapters for chains: one folder and one subpath each. */
const CHAINS = Object.values(manifest.exports).flatMap(
  ({ default: file = '' }) => /^[.]\/dist\/adapters\/([^/]+)\//.exec(file)?.[1] ?? [],
)

/** The chain of an adapter, as its decoder of intents is called. @param {string} name */
const chainOf = (name) => (name === 'viem' ? 'ethereum' : name)

/** Where the files of a chain are; wagmi's connector is one over viem's. @param {string} name */
const homesOf = (name) => `^src/(adapters/(${name === 'viem' ? 'viem|wagmi' : name})|policy/${chainOf(name)})/`

/** Adapters, each with the entry points that may export it. */
const ADAPTERS = [
  { name: 'storage', files: '^src/storage/', entries: `^src/(storage/|index[.]ts$|server/${PROGRAM}[.]ts$)` },
  { name: 'transport', files: '^src/transport/', entries: '^src/(transport/|channel/|index[.]ts$)' },
  {
    name: 'database',
    files: '^src/service/database/(?!(rows|combined|schema-version|serialization)[.]ts$)',
    entries: `^src/(service/database/|server/${PROGRAM}[.]ts$)`,
  },
  { name: 'custodian', files: '^src/custodian/', entries: `^src/(custodian/|server/${PROGRAM}[.]ts$)` },
  { name: 'chains', files: '^src/adapters/', entries: '^src/(adapters|policy)/' },
  ...CHAINS.map((name) => ({ name, files: `^src/adapters/${name}/`, entries: homesOf(name) })),
  ...CHAINS.map((name) => ({ name: `policy-${name}`, files: `^src/policy/${chainOf(name)}/`, entries: homesOf(name) })),
]

const adapters = ADAPTERS.map(({ name, files, entries }) => ({
  name: `adapter-${name}`,
  comment: 'an adapter is imported by its entry point only; its type file by whoever uses one',
  severity: 'error',
  from: { path: '^src/', pathNot: entries },
  to: { path: files, pathNot: '/types[.]ts$' },
}))

/** Packages that belong to one family, so that no subpath pulls in another's. */
const PACKAGES = [
  { name: 'noble-curves', packages: '@noble/curves', homes: '^src/(curve|hpke|protocol|adapters)/' },
  { name: 'post-quantum', packages: '@noble/post-quantum', homes: '^src/backup/post-quantum[.]ts$' },
  { name: 'databases', packages: '(pg|@types/pg|@electric-sql/pglite)', homes: '^src/service/database/' },
  { name: 'http', packages: '(hono|@hono/node-server)', homes: '^src/(service|server|custodian)/' },
  { name: 'viem', packages: '(viem|ox|abitype)', homes: homesOf('viem') },
  { name: 'solana', packages: '@solana', homes: homesOf('solana') },
  { name: 'bitcoin', packages: '@scure', homes: homesOf('bitcoin') },
]

const packages = PACKAGES.map(({ name, packages, homes }) => ({
  name: `package-${name}`,
  severity: 'error',
  from: { path: '^src/', pathNot: homes },
  to: { path: `node_modules/${packages}/` },
}))

/** What the rooms of a family may import of each other, and which files of the family stand above its rooms. */
const ROOMS = {
  client: {
    above: ['client'],
    rooms: {
      operations: [],
      wallets: ['operations'],
      backup: ['operations', 'wallets'],
      signing: ['operations', 'wallets'],
      ecdsa: ['operations', 'wallets'],
      join: ['operations', 'wallets'],
      actions: ['operations', 'wallets', 'backup', 'signing', 'ecdsa', 'join'],
    },
  },
  server: {
    above: ['index', 'create-server', PROGRAM],
    rooms: {
      access: [],
      events: ['audit/entry'],
      // An event is written by the statement that writes its entry.
      audit: ['events/outbox'],
      approvals: ['access', 'audit', 'devices/devices-table'],
      sets: ['access', 'audit', 'approvals', 'devices/devices-table'],
      operations: ['access', 'audit', 'approvals', 'sets', 'devices/devices-table'],
      rounds: ['access', 'audit', 'approvals', 'sets', 'devices/devices-table', 'operations'],
      devices: ['access', 'audit', 'approvals', 'sets', 'rounds'],
      http: ['access', 'approvals', 'sets', 'devices', 'rounds'],
      maintenance: ['audit', 'approvals', 'events', 'sets', 'devices', 'operations', 'rounds', 'http'],
      moves: ['audit', 'approvals', 'sets', 'rounds'],
      metrics: ['audit/entry'],
      compatibility: [],
    },
  },
  protocol: {
    above: ['index'],
    rooms: {
      transcript: [],
      session: ['transcript'],
      dealing: ['transcript', 'session'],
      keygen: ['transcript', 'session', 'dealing'],
      import: ['transcript', 'session', 'dealing', 'keygen'],
      reshare: ['transcript', 'session', 'dealing', 'keygen'],
      frost: ['transcript', 'session', 'dealing'],
      possession: ['transcript', 'session', 'dealing'],
      export: ['transcript', 'possession'],
      derive: [],
      ecdsa: ['transcript', 'session'],
    },
  },
  'protocol/ecdsa': { above: ['index'], rooms: { ot: [], setup: ['ot'], signing: ['ot'] } },
}

const rooms = Object.entries(ROOMS).flatMap(([family, { above, rooms }]) =>
  Object.entries(rooms).map(([room, allowed]) => ({
    name: `room-${family}-${room.replace(/[^a-z].*/, '')}`,
    comment: `${family}/${room} may import ${allowed.join(', ') || 'nothing'} of ${family}`,
    severity: 'error',
    from: { path: `^src/${family}/${room}` },
    to: {
      path: `^src/${family}/`,
      pathNot: [
        `^src/${family}/(?!(${above.join('|')})[.]ts$)[^/]+[.]ts$`,
        ...[room, ...allowed].map((name) => `^src/${family}/${name}`),
      ],
    },
  })),
)

/** Generated numbers of each curve, which import nothing and which every layer may read. */
const CONSTANTS = '^assembly/[^/]+/constants[.]gen[.]ts$'

/** The folders of assembly: field <- secp256k1, ed25519 <- sharing, ot <- index; memory says where bytes lie. */
const ASSEMBLY = {
  memory: [],
  field: ['memory'],
  secp256k1: ['memory', 'field'],
  ed25519: ['memory', 'field'],
  sharing: ['memory', 'field', 'secp256k1', 'ed25519'],
  ot: ['memory', 'field', 'secp256k1', 'ed25519'],
}

const assembly = Object.entries(ASSEMBLY).map(([folder, allowed]) => ({
  name: `assembly-${folder}`,
  severity: 'error',
  from: { path: `^assembly/${folder}(/|[.]ts$)` },
  to: { path: '^assembly/', pathNot: [`^assembly/(${[folder, ...allowed].join('|')})(/|[.]ts$)`, CONSTANTS] },
}))

/** The files that are meant for Node. */
const NODE_FILES = `^src/(storage/file([.]ts$|/)|backup/methods/file[.]ts$|server/${PROGRAM}[.]ts$|service/database/|util/node/|workers/)`

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layers,
    ...rooms,
    ...adapters,
    ...packages,
    ...assembly,
    { name: 'constants-import-nothing', severity: 'error', from: { path: CONSTANTS }, to: { path: '^assembly/' } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every-folder-has-a-layer',
      severity: 'error',
      from: { path: '^src/', pathNot: withinAny(['index', ...Object.keys(MAY_IMPORT)]) },
      to: {},
    },
    {
      name: 'client-and-server-apart',
      comment: 'a client bundle has no server code, and the other way round',
      severity: 'error',
      from: { path: '^src/(index[.]ts$|client/)' },
      to: { reachable: true, path: '^src/(server|custodian)/', pathNot: '/types[.]ts$' },
    },
    {
      name: 'node-only-where-said',
      comment: 'Node built-ins only in files that are meant for Node',
      severity: 'error',
      from: { path: '^src/', pathNot: NODE_FILES },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'node-helpers-only-where-said',
      comment: 'what is in util/node needs Node, so that only files that are meant for Node import it',
      severity: 'error',
      from: { path: '^src/', pathNot: NODE_FILES },
      to: { path: '^src/util/node/' },
    },
    {
      name: 'protocol-is-pure',
      severity: 'error',
      from: { path: '^src/protocol/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'sources-do-not-import-tests',
      severity: 'error',
      from: { path: '^(src|assembly)/' },
      to: { path: '^(test|scripts|demo|bench|dist|build)/' },
    },
    {
      name: 'demo-uses-the-package',
      comment: 'the demo is a user of the package: it imports it by name',
      severity: 'error',
      from: { path: '^demo/' },
      to: { path: '^(src|test|assembly)/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'only-declared-packages',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'undetermined'],
        // Peers are installed here too, to be tested against.
        pathNot: `node_modules/(@types|${PEERS.join('|')})/`,
      },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '^(reshare|vitest/browser|@stryker-mutator/)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: '(node_modules|^dist/|^build/)' },
    exclude: { path: '^bench/node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
