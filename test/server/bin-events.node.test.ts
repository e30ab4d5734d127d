import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createReceiver, type Inbox } from '../../examples/webhook-receiver/receiver.ts'
import { listen } from '../support/listen.ts'
import { play } from '../support/server-client.ts'
import { clientAt, fileProgram } from './support/program.ts'
import { generate } from './support/wallets.ts'

const { folder, launch, start } = fileProgram()
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

const inbox: Inbox = new Map()
let isDown = true
const app = createReceiver(SECRET, inbox, () => undefined)
const receiver = await listen((request) => (isDown ? new Response(null, { status: 503 }) : app.fetch(request)))
afterAll(() => receiver.close())

test('sends its events, goes on after a restart, and lists and replays them', async () => {
  const data = join(folder, 'sending')
  const secretFile = join(folder, 'events-secret')
  writeFileSync(secretFile, `${SECRET}\n`)
  const env = {
    RESHARE_DATA_DIR: data,
    RESHARE_EVENTS_URL: `${receiver.url}/events`,
    RESHARE_EVENTS_SECRET_FILE: secretFile,
    RESHARE_MASTER_KEY: 'ab'.repeat(32),
  }
  const command = async (...parameters: string[]) => {
    const { code, out, err } = await launch(['events', ...parameters], { RESHARE_DATA_DIR: data }).ended
    expect([code, err]).toEqual([0, ''])
    return JSON.parse(out) as Record<string, unknown>
  }
  const token = (await launch(['token', 'ann'], { RESHARE_DATA_DIR: data }).ended).out.trim()
  const first = await start(env)
  const { request } = await play(generate(clientAt(first.url, token)))
  await expect.poll(() => first.child.exitCode, { timeout: 3_000 }).toBeNull()
  first.child.kill('SIGTERM')
  const stopped = await first.ended
  expect(stopped.code).toBe(0)
  expect(stopped.out + stopped.err).not.toContain(SECRET)
  expect(await command()).toMatchObject({ pending: 1, dead: 0, goneAt: null, deadEvents: [] })

  isDown = false
  const second = await start(env)
  await expect.poll(() => inbox.size, { timeout: 30_000, interval: 100 }).toBe(1)
  second.child.kill('SIGTERM')
  expect((await second.ended).code).toBe(0)
  const [[id, event]] = [...inbox] as [[string, unknown]]
  expect(event).toMatchObject({ type: 'set.created', data: { clientId: 'ann', walletId: request.walletId } })
  expect(await command()).toMatchObject({ pending: 0, oldestAt: null })
  expect(await command('replay', '2026-01-01', '2126-01-01T00:00:00Z')).toEqual({ replayed: 1 })
  expect(await command('replay', id)).toEqual({ replayed: 0 })
  expect(await command('replay', 'dead')).toEqual({ replayed: 0 })
  expect(await command()).toMatchObject({ pending: 1 })
  expect(await command('resume')).toEqual({ goneAt: null })
  // Ten processes, one after the other: minutes on a busy machine.
}, 300_000)

test.each([[['replay']], [['resume', 'now']], [['replay', 'a', 'b', 'c']], [['delete']]])(
  'says how it is used instead of events %j',
  async (parameters) => {
    const { code, err } = await launch(['events', ...parameters]).ended
    expect([code, err]).toEqual([2, expect.stringContaining('reshare-server events replay')])
  },
)

test('takes times that are the same everywhere only', async () => {
  const { code, err } = await launch(['events', 'replay', '2026-01-01T00:00', '2026-01-02']).ended
  expect([code, err]).toEqual([1, expect.stringContaining('a time must be in UTC')])
})
