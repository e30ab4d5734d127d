import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { play } from '../support/server-client.ts'
import { clientAt, fileProgram } from './support/program.ts'
import { generate } from './support/wallets.ts'

const { folder, launch, start } = fileProgram()

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

test('seals again by a new master key what the old one has sealed', async () => {
  const data = join(folder, 'rotated')
  const own = { RESHARE_DATA_DIR: data }
  const token = (await launch(['token', 'ann'], own).ended).out.trim()
  const { url, child, ended } = await start(own)
  await play(generate(clientAt(url, token)))
  child.kill('SIGTERM')
  await ended
  const old = readFileSync(join(data, 'master-key'), 'utf8').trim()
  const env = {
    ...own,
    RESHARE_MASTER_KEY: 'cd'.repeat(32),
    RESHARE_MASTER_KEY_ID: '2',
    RESHARE_PREVIOUS_MASTER_KEYS: `1:${old}`,
  }
  const { code, out } = await launch(['rotate'], env).ended
  // A share, its setup and the key of the log.
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
