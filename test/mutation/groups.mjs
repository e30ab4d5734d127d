// @ts-check

/**
 * A part of the sources whose mutants are tried with tests of its own.
 *
 * @typedef {object} Group
 * @property {readonly string[]} sources files and folders; what another group names more exactly is not of this one
 * @property {readonly string[]} tests the files that are run, the fastest first; patterns too, those after a `!` left out
 * @property {boolean} [database] whether the tests need one
 * @property {boolean} [oneBackend] whether tests over every group leave the portable backend out: three times slower, and
 *   the same to what is mutated
 * @property {boolean} [inProcess] whether the tests are of synchronous code in src/protocol, for which there is a runner that
 *   is quicker than vitest's
 */

const PROTOCOL_TESTS = [
  'test/protocol/{,adversary/,session/,transcript/,dealing/}*.test.ts',
  '!**/*.node.test.ts',
  '!**/fuzz.test.ts',
]

/** @type {Readonly<Record<string, Group>>} */
export const GROUPS = {
  sharing: { sources: ['src/secret-sharing'], tests: ['test/secret-sharing/sharing.test.ts'], oneBackend: true },
  share: { sources: ['src/key-share'], tests: ['test/key-share/*.test.ts'], oneBackend: true },
  protocol: { sources: ['src/protocol'], tests: PROTOCOL_TESTS, oneBackend: true, inProcess: true },
  keygen: {
    sources: ['src/protocol/keygen', 'src/protocol/reshare', 'src/protocol/possession'],
    tests: PROTOCOL_TESTS,
    oneBackend: true,
    inProcess: true,
  },
  frost: {
    sources: ['src/protocol/frost'],
    tests: ['test/protocol/frost/**/*.test.ts'],
    oneBackend: true,
    inProcess: true,
  },
  derive: {
    sources: ['src/protocol/derive', 'src/protocol/export'],
    tests: ['test/protocol/{derive,export}/*.test.ts', 'test/protocol/wire.test.ts'],
    oneBackend: true,
    inProcess: true,
  },
  ecdsa: {
    sources: ['src/protocol/ecdsa'],
    tests: [
      // The test of the cost compares counts with a page, and Stryker's copy of the repository has no pages.
      'test/protocol/ecdsa/**/*.test.ts',
      '!**/{*time.node,many.node,cost.node,base-ot,bit-matrix,hash-to-curve,sha256,tagged-batch,vole,wiped}.test.ts',
    ],
    oneBackend: true,
    inProcess: true,
  },
  // What has two backends, in three groups: mutants are counted in what is run, and those of a hash make every test slow.
  transfer: {
    sources: inOt('base-ot', 'endemic-ot', 'hash-to-curve', 'reversed-ot', 'wasm-base-ot'),
    tests: [
      'test/protocol/ecdsa/ot/{base-ot,hash-to-curve}.test.ts',
      'test/protocol/ecdsa/{,setup/}{secrets,wiped}.test.ts',
    ],
    inProcess: true,
  },
  multiplication: {
    sources: inOt('bit-matrix', 'ot-extension', 'tagged-batch', 'vole', 'wasm-vole'),
    tests: [
      'test/protocol/ecdsa/ot/{bit-matrix,tagged-batch,vole}.test.ts',
      'test/protocol/ecdsa/{secrets,wiped}.test.ts',
    ],
    inProcess: true,
  },
  hashing: {
    sources: ['src/symmetric'],
    tests: ['test/symmetric/*.test.ts', '!test/symmetric/wiped.node.test.ts'],
    inProcess: true,
  },
  'server-claims': {
    sources: [
      'src/server/rounds/lease.ts',
      'src/server/rounds/decisions.ts',
      'src/server/rounds/operations-table.ts',
      'src/server/epoch.ts',
    ],
    tests: [
      'test/server/rounds/{lease,lease-refused,aborts,one-round,handle-round}.node.test.ts',
      'test/server/devices/revoked-devices.node.test.ts',
    ],
    database: true,
  },
  'server-states': {
    sources: [
      'src/server/operations/make-sets/commit-sets.ts',
      'src/server/sets/actions.ts',
      'src/server/sets/retirements.ts',
      'src/server/sets/sets-table.ts',
      'src/server/sets/set-checks.ts',
      'src/server/maintenance/sweep.ts',
    ],
    tests: ['test/server/sets/{set-states,commit-sets,retirements,sets-table,sweep}.node.test.ts'],
    database: true,
  },
  'server-secrets': {
    sources: [
      'src/server/sets/custodian-shares.ts',
      'src/server/sets/ot-states.ts',
      'src/server/sets/preprocessings.ts',
      'src/server/sets/shares.ts',
    ],
    tests: ['test/server/sets/{set-secrets,preprocessings}.node.test.ts'],
    database: true,
  },
  'server-admission': {
    sources: [
      'src/server/rounds/admission.ts',
      'src/server/rounds/rates.ts',
      'src/service/export-authorization.ts',
      'src/service/rate-counts.ts',
    ],
    tests: [
      'test/server/access/intents.node.test.ts',
      'test/server/approvals/{approvers,attacks,details}.node.test.ts',
      'test/server/operations/{join-turns,sign-all}.node.test.ts',
      'test/server/rounds/{admission,failures,policy-request,rates}.node.test.ts',
    ],
    database: true,
  },
  'server-rounds': {
    sources: ['src/server/operations', 'src/server/rounds'],
    tests: [
      'test/server/rounds/turns.node.test.ts',
      'test/server/operations/{definitions,sessions}.node.test.ts',
      'test/server/operations/completions.node.test.ts',
      'test/server/rounds/{one-round,handle-round}.node.test.ts',
      'test/server/operations/ecdsa/rounds-cheat.node.test.ts',
      'test/server/rounds/failures.node.test.ts',
      'test/server/rounds/lease.node.test.ts',
      'test/server/sets/commit-sets.node.test.ts',
    ],
    database: true,
  },
  'server-making': {
    sources: ['src/server/operations/make-sets/make-sets.ts', 'src/server/operations/make-sets/prepare-sets.ts'],
    tests: ['test/server/operations/make-backup.node.test.ts', 'test/server/operations/make-sets.node.test.ts'],
    database: true,
  },
  'server-custodian': {
    sources: ['src/server/sets/custody.ts', 'src/server/operations/export.ts'],
    tests: ['test/server/sets/custodian-shares.node.test.ts', 'test/server/operations/export-rounds.node.test.ts'],
    database: true,
  },
  'server-keys': {
    sources: ['src/server/maintenance/rotate.ts'],
    tests: ['test/server/maintenance/rotate-rows.node.test.ts'],
    database: true,
  },
  'server-audit': {
    sources: ['src/server/audit'],
    tests: ['test/server/audit/audit-{history,log,pages,verify}.node.test.ts'],
    database: true,
  },
  'server-devices': {
    sources: ['src/server/devices'],
    tests: ['test/server/devices/*.node.test.ts', 'test/server/approvals/details.node.test.ts'],
    database: true,
  },
  'server-ecdsa': {
    sources: ['src/server/operations/ecdsa'],
    tests: [
      'test/server/operations/definitions.node.test.ts',
      'test/server/operations/completions.node.test.ts',
      'test/server/operations/ecdsa/rounds{,-cheat}.node.test.ts',
    ],
    database: true,
  },
}

/** Sources of oblivious transfer, by their names. @param {...string} names */
function inOt(...names) {
  return names.map((name) => `src/protocol/ecdsa/ot/${name}.ts`)
}

/** The group of a file or folder: of those that name a part of its path, the one that names most. @param {string} file */
export function groupOf(file) {
  const matching = Object.entries(GROUPS).flatMap(([name, { sources }]) =>
    sources.filter((source) => isWithin(file, source)).map((source) => ({ name, source })),
  )
  return matching.sort((a, b) => b.source.length - a.source.length)[0]?.name
}

/** What Stryker is to mutate, as patterns. @param {string} group */
export function mutatePatterns(group) {
  const own = GROUPS[group]?.sources ?? []
  const others = Object.entries(GROUPS).flatMap(([name, { sources }]) => (name === group ? [] : sources))
  const inside = others.filter((other) => own.some((source) => isWithin(other, source)))
  return [...own.map(patternOf), ...inside.map((source) => `!${patternOf(source)}`)]
}

/** @param {string} file @param {string} source */
function isWithin(file, source) {
  return file === source || file.startsWith(`${source}/`)
}

/** Of a folder, a file, or lines of one as in `src/key-share/record.ts:70-80`. @param {string} source */
export function patternOf(source) {
  return /\.ts(:|$)/.test(source) ? source : `${source}/**/*.ts`
}
