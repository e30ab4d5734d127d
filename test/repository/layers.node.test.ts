import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { afterEach, beforeEach, expect, test } from 'vitest'
import configuration from '../../.dependency-cruiser.mjs'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reshare-layers-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

/** The names of the rules that a tree of files breaks. */
async function brokenRules(files: Record<string, string>): Promise<string[]> {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  const { tsConfig: _tsConfig, ...options } = configuration.options ?? {}
  const ruleSet = { forbidden: configuration.forbidden ?? [] }
  const roots = [...new Set(Object.keys(files).map((path) => path.split('/')[0] as string))]
  const { output } = await cruise(roots, { ...options, validate: true, ruleSet, baseDir: folder })
  const names = (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name)
  return [...new Set(names)].sort()
}

const LEAF = 'export const leaf = 1\n'

test('each layer may stand on the ones below it', async () => {
  const broken = await brokenRules({
    'src/errors.ts': LEAF,
    'src/util/bytes.ts': "import '../errors.ts'",
    'src/hpke/base.ts': "import '../util/bytes.ts'",
    'src/wasm/core.ts': "import '../util/bytes.ts'",
    'src/curve/index.ts': "import '../wasm/core.ts'",
    'src/secret-sharing/shamir.ts': "import '../curve/index.ts'",
    'src/key-share/record.ts': "import '../secret-sharing/shamir.ts'",
    'src/protocol/session/session.ts': "import '../../key-share/record.ts'\nimport '../../hpke/base.ts'",
    'src/wire/paths.ts': "import '../protocol/session/session.ts'",
    'src/workers/threads.ts': "import 'node:worker_threads'\nimport '../protocol/session/session.ts'",
    'src/storage/types.ts': LEAF,
    'src/client/client.ts': "import '../wire/paths.ts'\nimport '../storage/types.ts'",
    'src/transport/request.ts': "import '../errors.ts'",
    'src/channel/seal.ts': "import '../hpke/base.ts'",
    'src/channel/sealed-transport.ts': "import '../transport/request.ts'\nimport '../storage/types.ts'",
    'src/server/server.ts': "import '../wire/paths.ts'\nimport '../channel/seal.ts'",
    'src/index.ts': "import './client/client.ts'",
    'src/adapters/wallet.ts': "import '../index.ts'",
    'src/adapters/viem/index.ts': "import '../wallet.ts'",
  })
  expect(broken).toEqual([])
})

test.each([
  ['layer-curve', 'src/curve/a.ts', '../secret-sharing/b.ts'],
  ['layer-secret-sharing', 'src/secret-sharing/a.ts', '../wasm/b.ts'],
  ['layer-protocol', 'src/protocol/a.ts', '../client/b.ts'],
  ['layer-client', 'src/client/a.ts', '../backup/methods/password.ts'],
  ['layer-backup', 'src/backup/a.ts', '../protocol/b.ts'],
  ['layer-storage', 'src/storage/a.ts', '../key-share/b.ts'],
  ['layer-transport', 'src/transport/a.ts', '../curve/b.ts'],
  ['layer-hpke', 'src/hpke/a.ts', '../curve/b.ts'],
  ['layer-channel', 'src/channel/a.ts', '../client/b.ts'],
  ['layer-channel', 'src/channel/a.ts', '../server/b.ts'],
  ['layer-server', 'src/server/a.ts', '../channel/sealed-transport.ts'],
  ['layer-client', 'src/client/a.ts', '../channel/seal.ts'],
  ['layer-workers', 'src/workers/a.ts', '../server/b.ts'],
  ['layer-adapters', 'src/adapters/viem/a.ts', '../../client/b.ts'],
  ['adapter-viem', 'src/adapters/solana/a.ts', '../viem/b.ts'],
  ['adapter-chains', 'src/client/a.ts', '../adapters/wallet.ts'],
  ['layer-wire', 'src/wire/a.ts', '../service/b.ts'],
  ['layer-service', 'src/service/a.ts', '../server/b.ts'],
  ['room-client-wallets', 'src/client/wallets/a.ts', '../actions/b.ts'],
  ['room-client-operations', 'src/client/operations/a.ts', '../client.ts'],
  ['room-server-sets', 'src/server/sets/a.ts', '../devices/b.ts'],
  ['room-server-operations', 'src/server/operations/a.ts', '../rounds/handle-round.ts'],
  ['room-server-rounds', 'src/server/rounds/a.ts', '../http/b.ts'],
  ['room-protocol-session', 'src/protocol/session/a.ts', '../dealing/b.ts'],
  ['room-protocol/ecdsa-ot', 'src/protocol/ecdsa/ot/a.ts', '../signing/b.ts'],
  ['assembly-field', 'assembly/field/a.ts', '../secp256k1/b.ts'],
  ['assembly-ed25519', 'assembly/ed25519/a.ts', '../secp256k1/b.ts'],
  ['every-folder-has-a-layer', 'src/helpers/a.ts', '../errors.ts'],
  ['sources-do-not-import-tests', 'src/util/a.ts', '../../test/b.ts'],
  ['demo-uses-the-package', 'demo/a.ts', '../src/errors.ts'],
])('%s: %s may not import %s', async (rule, importer, specifier) => {
  const imported = join(dirname(importer), specifier)
  expect(await brokenRules({ [importer]: `import '${specifier}'`, [imported]: LEAF })).toContain(rule)
})

test('client and server never import each other, types included', async () => {
  const client = { 'src/client/a.ts': "import type { B } from '../server/b.ts'\nexport type A = B" }
  expect(await brokenRules({ ...client, 'src/server/b.ts': 'export type B = 1' })).toEqual([
    'client-and-server-apart',
    'layer-client',
  ])
})

test('nothing but its entry point imports an adapter', async () => {
  const files = { 'src/client/a.ts': "import '../storage/memory.ts'", 'src/storage/memory.ts': LEAF }
  expect(await brokenRules(files)).toContain('adapter-storage')
})

test('two files do not import each other', async () => {
  const files = { 'src/util/a.ts': "import './b.ts'", 'src/util/b.ts': "import './a.ts'" }
  expect(await brokenRules(files)).toEqual(['no-circular'])
})

test('Node built-ins only where they are said to be', async () => {
  const files = { 'src/client/a.ts': "import 'node:fs'", 'src/storage/file.ts': "import 'node:fs'" }
  expect(await brokenRules(files)).toEqual(['node-only-where-said'])
  expect(await brokenRules({ 'src/protocol/a.ts': "import 'node:crypto'" })).toContain('protocol-is-pure')
})

test('helpers for Node only where Node is', async () => {
  const helper = { 'src/util/node/owner.ts': "import 'node:fs'" }
  const allowed = { 'src/storage/file/claim.ts': "import '../../util/node/owner.ts'" }
  expect(await brokenRules({ ...helper, ...allowed })).toEqual([])
  expect(await brokenRules({ 'src/storage/memory.ts': "import '../util/node/owner.ts'" })).toEqual([
    'node-helpers-only-where-said',
  ])
})
