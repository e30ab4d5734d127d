import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pgliteDatabase } from '../../src/service/database/pglite.ts'
import type { Database } from '../../src/service/database/types.ts'
import { flowNamed } from './support/flows.ts'
import { REFUSALS } from './support/recorder.ts'
import { countPoints, endAtPoint, type Fault } from './support/matrix.ts'
import {
  forgetfulStore,
  forgetsAnswers,
  keepsPreprocessings,
  losesItsHalf,
  oneShareStore,
  retiresBeforeProof,
} from './support/planted-bugs.ts'
import { createLine, type WalletLine } from './support/wallet-line.ts'
import { createCrashWorld } from './support/world.ts'

describe('the crash matrix notices', { timeout: 300_000 }, () => {
  let database: Database

  beforeAll(() => {
    database = pgliteDatabase()
  })
  afterAll(() => database.close())

  test('a client that goes on before its share is durable', async () => {
    const line = await createLine(createCrashWorld(database, { createStore: forgetfulStore }))
    expect(await findLoss(line, 'recover retire', 'client', 'no set signs')).toBeDefined()
  })

  test('a client that overwrites a share', async () => {
    const line = await createLine(createCrashWorld(database, { createStore: oneShareStore }))
    expect(await findLoss(line, 'refresh', 'request lost', 'no set signs')).toBeDefined()
  })

  test('a server that retires before proof', async () => {
    const line = await createLine(createCrashWorld(retiresBeforeProof(database)))
    const dataLoss = await findLoss(line, 'recover retire', 'device', 'no set signs')
    expect(dataLoss?.some((loss) => loss.endsWith('before another had proven to work'))).toBe(true)
  })

  test('a server that commits without its own share', async () => {
    const line = planting(await createLine(createCrashWorld(database)), losesItsHalf(database))
    const { dataLoss } = await endAtPoint(line, flowNamed('recover keep'), 'client', 1)
    expect(dataLoss.some((loss) => loss.endsWith('the device cannot recover again'))).toBe(true)
  })

  test('a server that uses a preprocessing, and with it a nonce, twice', async () => {
    const line = await createLine(createCrashWorld(keepsPreprocessings(database)))
    const { dataLoss } = await endAtPoint(line, flowNamed('preprocess, sign'), 'answer lost', 3)
    expect(dataLoss.some((loss) => loss.endsWith('a preprocessing that was used is taken again'))).toBe(true)
  })

  test('a server that makes a second answer to the same request', async () => {
    const planted = planting(await createLine(createCrashWorld(database)), forgetsAnswers(database))
    const { dataLoss } = await endAtPoint(planted, flowNamed('sign ed25519'), 'request sent twice', 1)
    expect(dataLoss.some((loss) => loss.endsWith('a repeated request got another answer'))).toBe(true)
  })

  test('and its question to a set that is over is one that a set in use does not refuse like that', async () => {
    const { world, wallet } = await createLine(createCrashWorld(database))
    expect(REFUSALS).not.toContain(await world.recorder.refusal(wallet.id, wallet.setId))
  })
})

/** What is lost at the last point where this is; undefined if it is at none. */
async function findLoss(
  line: WalletLine,
  flow: string,
  fault: Fault,
  what: string,
): Promise<readonly string[] | undefined> {
  for (let last = await countPoints(line, flowNamed(flow), fault); last > 0; last--) {
    const { dataLoss } = await endAtPoint(line, flowNamed(flow), fault, last)
    if (dataLoss.some((loss) => loss.endsWith(what))) return dataLoss
  }
  return undefined
}

/** A line that goes on in a world whose server has a bug. */
function planting(line: WalletLine, database: Database): WalletLine {
  return { ...line, world: createCrashWorld(database, { custodian: line.world.custodian }) }
}
