import { appendFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import * as index from '../../src/index.ts'
import * as join from '../../src/join.ts'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import type { Database } from '../../src/service/database/types.ts'
import { seededRandom, type SeededRandom } from '../support/random.ts'
import { actionNamed, actions, joins, type Api, type Action } from './support/actions.ts'
import { createStage, interleave, interleaveRequest, type Interleaved, type Stage } from './support/interleave.ts'
import { ignoresClaims, overwritingStore } from './support/planted-bugs.ts'
import type { Schedule } from './support/scheduler.ts'

/** Where `npm run test:crash` wants the rows of its table. */
const report = process.env['RESHARE_CRASH_REPORT']
/** How many schedules are tried of each pair in each place; one of one pair in a place if there is no table to make. */
const count = Number(process.env['RESHARE_INTERLEAVINGS'] ?? (report === undefined ? 0 : 4))

let database: Database
const api: Api = { ...index, ...join }
/** The package as another tab, or another process, has loaded it: nothing in memory is shared. */
let other: Api

beforeAll(async () => {
  database = pgliteDatabase()
  vi.resetModules()
  other = { ...(await import('../../src/index.ts')), ...(await import('../../src/join.ts')) }
})
afterAll(() => database.close())
afterEach(() => {
  vi.unstubAllGlobals()
})

/** Two preemptions at most: whoever is first goes on for some steps, then the other, then the first to its end. */
function randomSchedule(random: SeededRandom, longest = 60): Schedule {
  return { first: random.pick([0, 1] as const), turns: [random.int(1, longest), random.int(1, longest)] }
}

const pairs = actions.flatMap((one, i) => actions.slice(i).map((two) => [one, two] as const))
/** A generation and a preprocessing have nothing to do with a join. */
const besideJoins = [...actions.filter(({ name }) => !/generate|preprocess/.test(name)), ...joins]
const joinPairs = joins.flatMap((one) => besideJoins.map((two) => [one, two] as const))
/** Two devices take part in a join, so that it has more steps than other actions. */
const LONGEST_TURN_OF_JOIN = 150
const nameOf = ([one, two]: readonly [Action, Action]) => `${one.name}, ${two.name}`

/** Tries each case as often as is wanted, or one of them once. */
async function tryEach<Case>(
  fault: string,
  cases: readonly Case[],
  name: (one: Case) => string,
  run: (one: Case, random: SeededRandom) => Promise<Interleaved>,
): Promise<void> {
  const random = seededRandom()
  if (count === 0) {
    expect((await run(random.pick(cases), random)).dataLoss).toEqual([])
    return
  }
  const found: string[] = []
  for (const one of cases) {
    const dataLoss: string[] = []
    for (let n = 0; n < count; n++) dataLoss.push(...(await run(one, random)).dataLoss)
    const row = { database: 'PGlite', flow: name(one), fault, points: count, dataLoss: dataLoss.length }
    if (report !== undefined) appendFileSync(report, `${JSON.stringify(row)}\n`)
    found.push(...dataLoss)
  }
  expect(found).toEqual([])
}

describe('at the same time', { timeout: 3_600_000 }, () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await createStage({ database, apis: [api, other] })
  })

  test.each(['two devices', 'two tabs'] as const)('%s: nothing is lost or mixed', async (place) => {
    vi.stubGlobal('navigator', undefined)
    await tryEach(place, pairs, nameOf, (pair, random) => interleave(stage, place, pair, randomSchedule(random)))
  })

  test.each(['two devices', 'two tabs'] as const)('a join, %s: nothing is lost or mixed', async (place) => {
    vi.stubGlobal('navigator', undefined)
    await tryEach(place, joinPairs, nameOf, (pair, random) =>
      interleave(stage, place, pair, randomSchedule(random, LONGEST_TURN_OF_JOIN)),
    )
  })

  test('two tabs with Web Locks: nothing is lost or mixed', async () => {
    const request = (name: string, _: unknown, work: () => Promise<unknown>) => stage.scheduler.exclusively(name, work)
    vi.stubGlobal('navigator', { locks: { request } })
    const withOt = pairs.filter((pair) => pair.every(({ name }) => /sign|refresh|recover keep/.test(name)))
    await tryEach('two tabs, Web Locks', withOt, nameOf, (pair, random) =>
      interleave(stage, 'two tabs', pair, randomSchedule(random)),
    )
  })

  test('one request at two servers: one answer', async () => {
    await tryEach(
      'one request, two servers',
      [...actions, ...joins],
      ({ name }) => name,
      (action, random) => {
        const how = { nth: random.int(1, 5), slow: random.pick([true, false]) }
        const schedule = { first: 0, turns: [random.int(1, 40), random.int(1, 20)] } as const
        return interleaveRequest(stage, action, how, schedule)
      },
    )
  })
})

describe('what they have found', { timeout: 300_000 }, () => {
  const FIRST_ROUND = 'send POST /v1/operations/:id/rounds/1'

  test.each([
    ['a set that another tab has replaced', 'two tabs', 'backup', 'refresh', FIRST_ROUND],
    ['a set that another tab has refreshed', 'two tabs', 'refresh', 'refresh', FIRST_ROUND],
    ['a share of a backup that was just superseded', 'two devices', 'recover rotate', 'confirm', 'webhook fetch'],
  ] as const)('%s', async (_, place, one, two, point) => {
    vi.stubGlobal('navigator', undefined)
    const stage = await createStage({ database, apis: [api, other] })
    const pair = [actionNamed(one), actionNamed(two)] as const
    const { dataLoss } = await interleave(stage, place, pair, { first: 0, turns: [point] })
    expect(dataLoss).toEqual([])
  })
})

describe('the interleavings notice', { timeout: 300_000 }, () => {
  const pair = [actionNamed('recover keep'), actionNamed('recover keep')] as const

  test('a store whose compare-and-set does not compare', async () => {
    const stage = await createStage({ database, apis: [api, other], createStore: overwritingStore })
    const { dataLoss } = await interleave(stage, 'two tabs', pair, { first: 0, turns: ['write wallet'] })
    expect(dataLoss.some((loss) => loss.endsWith('has lost the share of a set that it was given'))).toBe(true)
  })

  test('servers that do not check who has claimed a round', async () => {
    const stage = await createStage({ database: ignoresClaims(database), apis: [api, other] })
    const schedule = { first: 0, turns: ['webhook fetch'] } as const
    const { dataLoss } = await interleaveRequest(stage, pair[0], { nth: 1, slow: false }, schedule)
    expect(dataLoss.some((loss) => loss.endsWith('one request got two answers'))).toBe(true)
  })
})
