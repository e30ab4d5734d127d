import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { paths } from '../../src/wire/paths.ts'
import { sealedTransport } from '../../src/channel/index.ts'
import { keyPairOf } from '../../src/hpke/x25519.ts'
import type { WalletShares } from '../../src/key-share/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { fromHex } from '../../src/util/bytes.ts'
import { seededRandom } from '../support/random.ts'
import { codeOf, getJson, play, type ServerClient } from '../support/server-client.ts'
import { clientAt, fileProgram } from './support/program.ts'
import { generate, newBackup, newWallet, recover, sign } from './support/wallets.ts'

const { folder, launch, start } = fileProgram()
/** Which makes its databases itself, as for a user. */
const own = fileProgram({ ownDatabases: true })

test('makes its key and database, serves on loopback, stops when told to, and goes on where it was', async () => {
  const made = await own.launch(['token', 'ann'], { RESHARE_DATA_DIR: join(folder, 'data') }).ended
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
