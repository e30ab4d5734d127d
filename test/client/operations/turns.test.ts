import { describe, expect, test } from 'vitest'
import { generateWallet, type Client } from '../../../src/index.ts'
import { createTurns } from '../../../src/client/operations/turns.ts'
import { wasmGroup } from '../../../src/curve/wasm/group.ts'
import { portableEcdsa, portableGroup } from '../../../src/portable.ts'
import { stage } from '../support/devices.ts'

/** How often the event loop has a turn while an action runs. */
async function turnsDuring(action: () => Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const count = (): void => {
    turns++
    if (!isOver) setTimeout(count, 0)
  }
  setTimeout(count, 0)
  await action()
  isOver = true
  return turns
}

const slow = (client: Client): Client => {
  const backend = portableEcdsa()
  return { ...client, group: portableGroup, ecdsa: { ...client.ecdsa!, backend: () => backend } }
}

describe('steps of sessions', () => {
  test('give the event loop a turn between them where arithmetic is slow', async () => {
    const inTurn = createTurns({ group: portableGroup })
    const done: string[] = []
    setTimeout(() => done.push('a turn'), 0)
    for (const step of ['first', 'second']) await inTurn(() => done.push(step))
    expect(done).toEqual(['first', 'a turn', 'second'])
  })

  test('follow each other at once where it is not', async () => {
    const inTurn = createTurns({ group: wasmGroup })
    const done: string[] = []
    setTimeout(() => done.push('a turn'), 0)
    for (const step of ['first', 'second']) expect(await inTurn(async () => done.push(step))).toBe(done.length)
    expect(done).toEqual(['first', 'second'])
  })

  test('of a generation: at its beginning and after every response', async () => {
    const { device } = stage()
    expect(await turnsDuring(() => generateWallet(slow(device())))).toBeGreaterThan(2)
    expect(await turnsDuring(() => generateWallet(device()))).toBe(0)
  }, 60_000)

  test('are of no use once the caller has aborted between them: nothing begins', async () => {
    const { server, device } = stage()
    const phone = slow(device())
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 0)
    await expect(generateWallet(phone, { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(server.requests).toEqual([])
    expect(await phone.store.list('')).toEqual([])
  })
})
