import { describe, expect, test } from 'vitest'
import { driveEmulator, stoppedClock } from '../../../src/emulators/index.ts'
import { isMpcError } from '../../../src/errors.ts'
import { seededRandom } from '../../support/random.ts'
import { deviceOf } from './support/device.ts'

const ID = '0123456789abcdef'.repeat(2)
const random = seededRandom()

/** Two to four writers of one key, whose requests Drive carries out in an order that chance makes. */
async function race(seed: number, sameDevice: boolean) {
  const drive = driveEmulator({ clock: stoppedClock(), seed })
  const waiting: (() => void)[] = []
  drive.setFaults(() => new Promise((resolve) => waiting.push(() => resolve(undefined))))
  const shared = deviceOf(drive)
  const count = random.int(2, 4)
  const keys = Array.from({ length: count }, (_, i) => new Uint8Array([i]))
  const open = new Set(keys)
  const outcomes = Promise.all(
    keys.map(async (key) => {
      const device = sameDevice ? shared : deviceOf(drive)
      try {
        await device.write(ID, key)
        return 'won' as const
      } catch (error) {
        if (!isMpcError(error)) throw error
        return error.code
      } finally {
        open.delete(key)
      }
    }),
  )
  while (open.size > 0) {
    // All that run without an answer of Drive have come to their next request.
    await new Promise((resolve) => setTimeout(resolve))
    if (waiting.length > 0) waiting.splice(random.int(0, waiting.length - 1), 1)[0]?.()
  }
  drive.setFaults()
  return { drive, keys, outcomes: await outcomes }
}

describe('of several writers of one key', () => {
  test.each([
    ['devices or tabs', false],
    ['calls of one handle', true],
  ])('at most one wins, all others have STORAGE_CONFLICT, and one file is left: %s', async (_, sameDevice) => {
    let won = 0
    const runs = 60
    for (let seed = 1; seed <= runs; seed++) {
      const { drive, keys, outcomes } = await race(seed, sameDevice)
      const winner = outcomes.indexOf('won')
      won += winner === -1 ? 0 : 1
      expect(outcomes.filter((outcome) => outcome !== 'won' && outcome !== 'STORAGE_CONFLICT')).toEqual([])
      expect(outcomes.filter((outcome) => outcome === 'won').length).toBeLessThanOrEqual(1)
      const files = drive.account('alice').files.map(({ content }) => content)
      expect(files).toEqual(winner === -1 ? [] : [keys[winner]])
      expect(await deviceOf(drive).read(ID)).toEqual(winner === -1 ? undefined : keys[winner])
    }
    expect(won).toBeGreaterThan(runs / 2)
  })
})

test('keys with other ids do not disturb each other', async () => {
  const drive = driveEmulator({ clock: stoppedClock() })
  const ids = Array.from({ length: 8 }, (_, i) => ID.slice(0, -1) + i.toString(16))
  await Promise.all(ids.map((id, i) => deviceOf(drive).write(id, new Uint8Array([i]))))
  const device = deviceOf(drive)
  for (const [i, id] of ids.entries()) expect(await device.read(id)).toEqual(new Uint8Array([i]))
})
