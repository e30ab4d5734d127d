import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { paths } from '../../src/wire/paths.ts'
import { sealedTransport } from '../../src/channel/index.ts'
import { keyPairOf } from '../../src/hpke/x25519.ts'
import type { WalletShares } from '../../src/key-share/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { fromHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, getJson, play, type ServerClient } from '../support/server-client.ts'
import { generate, newBackup, newWallet, recover, sign } from './support/wallets.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
// Below node_modules, so that the packages it imports are found.
const program = join(root, 'node_modules/.cache/reshare-test', `bin-${process.pid}.mjs`)
const folder = mkdtempSync(join(tmpdir(), 'reshare-bin-'))
const running = new Set<ChildProcess>()

beforeAll(async () => {
  const entryPoints = [join(root, 'src/server/bin.ts')]
  await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', packages: 'external' })
})
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})
afterAll(() => {
  rmSync(program, { force: true })
  rmSync(folder, { recursive: true, force: true })
})

function launch(parameters: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, ...parameters], {
    env: { PATH: process.env['PATH'], RESHARE_DATA_DIR: join(folder, 'data'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  const output = { out: '', err: '' }
  child.stdout.on('data', (data: Buffer) => (output.out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (output.err += data.toString()))
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child)
    return { code: code as number | null, ...output }
  })
  return { child, ended }
}

async function start(env: Record<string, string> = {}, parameters: readonly string[] = []) {
  const { child, ended } = launch(parameters, { PORT: '0', ...env })
  const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended])
  if (!Array.isArray(line)) throw new Error(line.err)
  const told = JSON.parse(line[0] as string) as { url: string; channelKey?: string; devCustodian?: boolean }
  return { ...told, child, ended }
}

function clientAt(url: string, token: string, random = seededRandom()): ServerClient {
  return {
    clientId: '',
    random,
    async send(method, path, body, headers = {}) {
      const type: Record<string, string> = body ? { 'content-type': 'application/vnd.reshare.round' } : {}
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, ...type, ...headers },
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      })
      return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) }
    },
  }
}

test.skipIf(!process.env['RESHARE_TEST_POSTGRES_URL'])(
  'does not start on a database that is set up in a way that cannot work, and says why',
  async () => {
    const url = new URL(process.env['RESHARE_TEST_POSTGRES_URL'] as string)
    url.pathname = '/nothing-of-this-name'
    const { code, err } = await launch([], {
      PORT: '0',
      DATABASE_URL: url.href,
      RESHARE_DATA_DIR: join(folder, 'refused'),
    }).ended
    expect(code).toBe(1)
    expect(err).toContain('PostgreSQL refuses for how it is set up: database "nothing-of-this-name" does not exist')
    expect(err).toContain('caused by: ')
    expect(err).not.toContain(url.password)
  },
)

test('makes its key and database, serves on loopback, stops when told to, and goes on where it was', async () => {
  const made = await launch(['token', 'ann']).ended
  expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^reshare_[\w-]{43}\n$/) })
  const token = made.out.trim()

  const first = await start()
  expect(first.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const client = clientAt(first.url, token)
  const [signing] = (await play(generate(client))).prepared
  await play(sign(client, signing!))
  expect(codeOf(await clientAt(first.url, `${token}x`).send('GET', paths.sets('00'.repeat(16))))).toBe('AUTH_FAILED')
  first.child.kill('SIGTERM')
  const stopped = await first.ended
  expect(stopped).toMatchObject({ code: 0, err: expect.stringContaining('made a master key') })
  const keyFile = join(folder, 'data', 'master-key')
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  expect(stopped.out + stopped.err).not.toContain(readFileSync(keyFile, 'utf8').trim())
  expect(readdirSync(join(folder, 'data')).filter((name) => name.startsWith('lock'))).toEqual([])

  const second = await start()
  await play(sign(clientAt(second.url, token), signing!, 'bip340'))
  const refused = await launch([], { PORT: '0' }).ended
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('is open in another process') })
  second.child.kill('SIGKILL')
  await second.ended

  // A process that was killed leaves its lock behind; the next one sees that nobody holds it.
  const third = await start()
  const { sets } = await getJson<{ sets: unknown[] }>(
    clientAt(third.url, token),
    paths.sets(Buffer.from(signing!.walletId).toString('hex')),
  )
  expect(sets).toHaveLength(1)
  third.child.kill('SIGINT')
  expect((await third.ended).code).toBe(0)
})

describe('--dev-custodian', () => {
  const data = join(folder, 'development')
  const env = { RESHARE_DATA_DIR: data }
  const begin = (parameters: readonly string[]) => start(env, parameters)
  const refusal = async (client: ServerClient, half: WalletShares) =>
    JSON.parse(new TextDecoder().decode((await recover(client, half).post()).body)) as unknown

  test('backs up and recovers, also after a restart, and says plainly what it is', async () => {
    const token = (await launch(['token', 'ann'], env).ended).out.trim()
    const random = seededRandom()
    const first = await begin(['--dev-custodian'])
    expect(first.devCustodian).toBe(true)
    const client = clientAt(first.url, token, random)
    const half = await newBackup(client, await newWallet(client))
    first.child.kill('SIGKILL')
    expect((await first.ended).err).toMatch(/^WARNING: --dev-custodian: .*For development only$/m)
    expect(statSync(join(data, 'dev-custodian-key')).mode & 0o777).toBe(0o600)

    const second = await begin(['--dev-custodian'])
    await play(recover(clientAt(second.url, token, random), half))
    second.child.kill('SIGTERM')
    const stopped = await second.ended
    for (const name of ['master-key', 'dev-custodian-key']) {
      expect(stopped.out + stopped.err).not.toContain(readFileSync(join(data, name), 'utf8').trim())
    }

    const third = await begin([])
    expect(third.devCustodian).toBeUndefined()
    expect(await refusal(clientAt(third.url, token, random), half)).toMatchObject({
      error: { id: 'WEBHOOK_FAILED', retryable: false, message: expect.stringContaining('no custodian') as string },
    })
    third.child.kill('SIGTERM')
    expect((await third.ended).err).toMatch(/^no custodian: .* RESHARE_CUSTODIAN_URL /m)
  })

  test.each([
    [{ NODE_ENV: 'production' }, 'NODE_ENV'],
    [{ DATABASE_URL: 'postgres://localhost/app' }, 'DATABASE_URL'],
    [{ RESHARE_CUSTODIAN_URL: 'https://app.test', RESHARE_WEBHOOK_SECRET: 'x'.repeat(16) }, 'RESHARE_CUSTODIAN_URL'],
    [{ RESHARE_WEBHOOK_SECRET: 'x'.repeat(16) }, 'RESHARE_WEBHOOK_SECRET'],
    [{ HOST: '0.0.0.0' }, 'HOST'],
  ])('does not start with %o, and makes nothing', async (given, name) => {
    const untouched = join(folder, 'untouched')
    const env = { RESHARE_DATA_DIR: untouched, PORT: '0', ...given }
    const { code, out, err } = await launch(['--dev-custodian'], env).ended
    expect([code, out, err]).toEqual([1, '', expect.stringContaining(`for development only: ${name} `)])
    expect(existsSync(untouched)).toBe(false)
  })
})

test('closes a data folder and a key that are open to others, tells of it, and opens no folder of other things', async () => {
  const data = join(folder, 'open')
  const env = { RESHARE_DATA_DIR: data }
  const modeOf = (...names: string[]) => statSync(join(data, ...names)).mode & 0o777
  mkdirSync(data)
  chmodSync(data, 0o755)
  const made = await launch(['token', 'ann'], env).ended
  expect(made).toMatchObject({ code: 0, err: expect.stringContaining('was open to others, and is not any more') })
  expect([modeOf(), modeOf('data')]).toEqual([0o700, 0o700])
  const verified = await launch(['audit'], env).ended
  expect([verified.code, verified.err]).toEqual([0, expect.stringContaining('made a master key')])
  expect(modeOf('master-key')).toBe(0o600)
  const key = readFileSync(join(data, 'master-key'), 'utf8')
  for (const name of ['', 'data']) chmodSync(join(data, name), 0o755)
  chmodSync(join(data, 'master-key'), 0o644)
  const { code, err } = await launch(['audit'], env).ended
  expect([code, err]).toEqual([0, expect.stringContaining('master-key could be read by others')])
  expect(err).not.toContain(key.trim())
  expect([modeOf(), modeOf('data'), modeOf('master-key')]).toEqual([0o700, 0o700, 0o600])
  expect(readFileSync(join(data, 'master-key'), 'utf8')).toBe(key)
  expect((await launch(['audit'], env).ended).err).toBe('')

  chmodSync(data, 0o755)
  writeFileSync(join(data, 'photo.jpg'), '')
  const refused = await launch(['token', 'ann'], env).ended
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining('is open to others (mode 755) and holds photo.jpg'),
  ])
  expect(modeOf()).toBe(0o755)
})

test.each([
  ['the database', 'data', 0o755],
  ['a key', 'master-key', 0o644],
])('closes nothing outside of an open data folder by a link that stands for %s', async (_, name, mode) => {
  const [data, other] = [join(folder, `linked ${name}`), join(folder, `other ${name}`)]
  mkdirSync(data)
  chmodSync(data, 0o777)
  if (name === 'data') mkdirSync(other)
  else writeFileSync(other, '')
  chmodSync(other, mode)
  symlinkSync(other, join(data, name))
  const { code, err } = await launch(['audit'], { RESHARE_DATA_DIR: data }).ended
  expect([code, err]).toEqual([1, expect.stringContaining(`${name} is a link to what is open to others`)])
  expect(statSync(other).mode & 0o777).toBe(mode)
})

test('two processes that make a key at once have the same', async () => {
  const data = join(folder, 'at once')
  const env = { RESHARE_DATA_DIR: data, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  const both = await Promise.all([1, 2].map(() => launch(['audit'], env).ended))
  expect(both.map(({ code }) => code)).toEqual([1, 1])
  expect(both.filter(({ err }) => err.includes('made a master key'))).toHaveLength(1)
  expect(readdirSync(data)).toEqual(['master-key'])
  expect(readFileSync(join(data, 'master-key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/)
})

test.each([
  ['no heads', '{}'],
  ['an empty list of them', '{"heads":[]}'],
  ['no list of them', '{"heads":{}}'],
  ['what are none', '{"heads":[{"clientId":"ann"}]}'],
  ['no JSON', ''],
  ['no object', 'null'],
])('does not verify the log against a file with %s', async (_, text) => {
  const kept = join(folder, 'kept.json')
  writeFileSync(kept, text)
  const { code, out, err } = await launch(['audit', kept], { RESHARE_DATA_DIR: join(folder, 'none') }).ended
  expect([code, out]).toEqual([1, ''])
  expect(err).not.toBe('')
})

test('makes a channel key, and answers what is sealed to it', async () => {
  const { code, out } = await launch(['channel-key']).ended
  expect(code).toBe(0)
  const { secretKey, publicKey } = JSON.parse(out) as Record<string, string>
  expect(secretKey).toMatch(/^[0-9a-f]{64}$/)
  const old = '01'.repeat(32)
  const env = { RESHARE_CHANNEL_KEY: `${secretKey},${old}`, RESHARE_REQUIRE_SEALED: 'true' }
  const { url, channelKey, child, ended } = await start(env)
  expect(channelKey).toBe(publicKey)
  const path = paths.sets('00'.repeat(16))
  for (const serverKey of [fromHex(publicKey as string), keyPairOf(fromHex(old)).publicKey]) {
    const transport = sealedTransport({ transport: httpTransport(url), serverKey, storage: memoryStore() })
    expect((await transport.request({ method: 'GET', path })).status).toBe(401)
  }
  expect(codeOf(await clientAt(url, 'any').send('GET', path))).toBe('CHANNEL_FAILED')
  child.kill('SIGTERM')
  const stopped = await ended
  expect(stopped.code).toBe(0)
  expect(stopped.out + stopped.err).not.toContain(secretKey)
})

test('seals again by a new master key what the old one has sealed', async () => {
  const old = readFileSync(join(folder, 'data', 'master-key'), 'utf8').trim()
  const env = {
    RESHARE_MASTER_KEY: 'cd'.repeat(32),
    RESHARE_MASTER_KEY_ID: '2',
    RESHARE_PREVIOUS_MASTER_KEYS: `1:${old}`,
  }
  const { code, out } = await launch(['rotate'], env).ended
  // A half, its setup and the key of the log.
  expect([code, JSON.parse(out)]).toEqual([0, { resealed: 3, remaining: expect.any(Number) }])

  // The log is verified with the new key alone.
  const { RESHARE_PREVIOUS_MASTER_KEYS: _, ...without } = env
  const verified = await launch(['audit', '--json'], without).ended
  const report = JSON.parse(verified.out) as { heads: { hash: string }[] }
  expect([verified.code, report]).toMatchObject([0, { chains: 2, entries: 4, breaks: [] }])
  const kept = join(folder, 'heads.json')
  writeFileSync(kept, JSON.stringify({ heads: report.heads.map((head) => ({ ...head, hash: 'ab'.repeat(32) })) }))
  const broken = await launch(['audit', kept], without).ended
  expect([broken.code, broken.out]).toEqual([
    1,
    expect.stringMatching(/^2 chains, .* 2 broken, epoch 1\nALTERED "" 2 .*\nALTERED "ann" 2 /),
  ])
})

const EMPTY = [
  ...['PORT', 'HOST', 'DATABASE_URL', 'RESHARE_DATA_DIR', 'RESHARE_MASTER_KEY', 'RESHARE_MASTER_KEY_ID'],
  ...['RESHARE_PREVIOUS_MASTER_KEYS', 'RESHARE_CHANNEL_KEY', 'RESHARE_REQUIRE_SEALED', 'RESHARE_CUSTODIAN_URL'],
  ...['RESHARE_ALLOWED_ORIGINS', 'RESHARE_ON_CHEATING'],
]

test.each<[Record<string, string>, string]>([
  [{ RESHARE_MASTER_KEY: 'ab' }, 'masterKey must be 32 bytes'],
  [{ RESHARE_MASTER_KEY: 'no hex' }, 'lower-case hex'],
  [{ RESHARE_CUSTODIAN_URL: 'https://app.test' }, 'RESHARE_WEBHOOK_SECRET'],
  [{ RESHARE_CUSTODIAN_URL: 'app', RESHARE_WEBHOOK_SECRET: 'x'.repeat(16) }, 'URL'],
  [{ PORT: 'eighty' }, 'PORT'],
  [{ RESHARE_MASTER_KEY_ID: 'two' }, 'RESHARE_MASTER_KEY_ID must be'],
  [{ RESHARE_MASTER_KEY_ID: '256' }, 'RESHARE_MASTER_KEY_ID must be'],
  [{ PORT: '0x50' }, 'PORT must be'],
  [{ PORT: ' 80' }, 'PORT must be'],
  [{ PORT: '65536' }, 'PORT must be'],
  [
    { RESHARE_WEBHOOK_SECRET: 'x'.repeat(16) + '\n', RESHARE_CUSTODIAN_URL: 'https://app.test' },
    'RESHARE_WEBHOOK_SECRET',
  ],
  [{ RESHARE_MASTER_KEY: `${'ab'.repeat(32)}\n` }, 'RESHARE_MASTER_KEY must not have'],
  [{ RESHARE_ALLOWED_ORIGINS: 'https://a.test, https://b.test' }, 'RESHARE_ALLOWED_ORIGINS must be'],
  [{ RESHARE_CHANNEL_KEY: `${'ab'.repeat(32)},` }, 'RESHARE_CHANNEL_KEY must be'],
  ...EMPTY.map((name) => [{ [name]: '' }, `${name} is empty`] as [Record<string, string>, string]),
  [{ RESHARE_PREVIOUS_MASTER_KEYS: 'ab' }, 'id:key'],
  [{ RESHARE_CHANNEL_KEY: 'ab' }, 'channel key must be 32 bytes'],
  [{ RESHARE_CHANNEL_KEY: 'no hex' }, 'lower-case hex'],
  [{ RESHARE_REQUIRE_SEALED: 'true' }, 'requireSealed needs channelKeys'],
  [{ RESHARE_REQUIRE_SEALED: 'yes' }, 'RESHARE_REQUIRE_SEALED must be'],
  [{ RESHARE_ON_CHEATING: 'forgive' }, 'RESHARE_ON_CHEATING must be'],
])('does not start with %o', async (env, message) => {
  const data = join(folder, 'refused')
  const { code, err } = await launch([], { RESHARE_DATA_DIR: data, ...env }).ended
  expect([code, err]).toEqual([1, expect.stringContaining(message)])
})

test('says how it is used when it is asked', async () => {
  const { code, out } = await launch(['--help']).ended
  expect([code, out]).toEqual([0, expect.stringContaining('reshare-server token <clientId>')])
})

test.each([
  [['token']],
  [['serve']],
  [['--dev-custodian', 'a']],
  [['token', 'a', 'b']],
  [['rotate', 'a']],
  [['channel-key', 'a']],
])('says how it is used instead of %j', async (parameters) => {
  const { code, err } = await launch(parameters).ended
  expect([code, err]).toEqual([2, expect.stringContaining('reshare-server token <clientId>')])
})
