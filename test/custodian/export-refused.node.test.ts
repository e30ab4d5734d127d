import { describe, expect, test } from 'vitest'
import { custodianPaths } from '../../src/wire/export.ts'
import { toHex } from '../../src/util/bytes.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { NOT_TEXTS } from '../support/texts.ts'
import { walletPair } from '../support/wallet-pair.ts'
import { begin, newExport, post } from './support/exports.ts'
import { fileCustodian, type CustodianWorld } from './support/world.ts'

describe.each(chosenDatabases('custodian/export'))('an export that the custodian refuses on $name', ({ open }) => {
  let world: CustodianWorld
  fileCustodian(open, (made) => (world = made))

  test.each([
    ['without a hook', undefined],
    ['if the hook says false', () => false],
    ['if the hook says yes, but not true', () => 'yes' as never],
    [
      'if the hook throws',
      () => {
        throw new Error('the detail of the hook')
      },
    ],
    ['if the hook rejects', () => Promise.reject(new Error('the detail of the hook'))],
  ])('is denied %s, and all denials look alike', async (name, authorizeExport) => {
    const told: unknown[] = []
    const app = world.app({ onError: (error) => told.push(error), ...(authorizeExport && { authorizeExport }) })
    const one = newExport(await world.newBackup('denied'), world.random)
    const { status, json } = await post(app, one.challengePath, one.asked, 'denied')
    expect([status, json]).toEqual([
      403,
      { error: { id: 'POLICY_DENIED', message: 'the export is not authorized', retryable: false } },
    ])
    const causes = told.map((error) => String((error as Error).cause))
    expect(causes).toEqual(/throws|rejects/.test(name) ? ['Error: the detail of the hook'] : [])
    const rows = await world.database.query('select 1 from reshare_custodian_exports where client_id = $1', [
      'client denied',
    ])
    expect(rows).toEqual([])
  })

  test('unknown and foreign sets, exports and users get one answer, before the hook is asked', async () => {
    let asked = 0
    const app = world.app({ authorizeExport: () => ++asked > 0 })
    const backup = await world.newBackup('owner')
    const mine = newExport(backup, world.random)
    const proof = mine.proof(await begin(app, mine, 'owner'))
    const [foreign, unknown] = [
      newExport(backup, world.random),
      newExport(walletPair('backup', world.random), world.random),
    ]
    const sets = [
      await post(app, foreign.challengePath, foreign.asked, 'eve'),
      await post(app, unknown.challengePath, unknown.asked, 'eve'),
      await post(app, mine.challengePath, mine.asked),
      await post(app, mine.sharePath, proof),
    ]
    for (const answer of sets) {
      const error = { id: 'AUTH_FAILED', message: 'not authorized', retryable: false }
      expect(answer).toEqual({ status: 401, json: { error }, code: error.id })
    }
    const exports = [await post(app, mine.sharePath, proof, 'eve'), await post(app, unknown.sharePath, proof, 'eve')]
    expect(exports.map(({ code }) => code)).toEqual(['PROTOCOL_ABORTED', 'PROTOCOL_ABORTED'])
    expect(exports[0]).toEqual(exports[1])
    expect(asked).toBe(1)
    expect((await post(app, mine.sharePath, proof, 'owner')).status).toBe(200)
  })

  test('bad input changes nothing', async () => {
    let asked = 0
    const app = world.app({ authorizeExport: () => ++asked > 0 })
    const one = newExport(await world.newBackup('bad'), world.random)
    const bad: object[] = [
      { receiver: `01${'00'.repeat(31)}` },
      { receiver: '00'.repeat(31) },
      { receiver: undefined },
      { curve: 'p256' },
      { setId: 'ab' },
      { authorization: undefined },
      { authorization: '' },
      { authorization: 'x'.repeat(4097) },
      ...NOT_TEXTS.map((authorization) => ({ authorization })),
      { extra: 1 },
    ]
    for (const fields of bad) {
      const answer = await post(app, one.challengePath, { ...one.asked, ...fields }, 'bad')
      expect([fields, answer.code]).toEqual([fields, 'BAD_REQUEST'])
    }
    for (const raw of ['', '{', 'x'.repeat(26 * 1024)]) {
      for (const path of [one.challengePath, one.sharePath]) {
        expect((await post(app, path, raw, 'bad')).code).toBe('BAD_REQUEST')
      }
    }
    for (const path of [custodianPaths.challenge('ab'), custodianPaths.challenge('AB'.repeat(16))]) {
      expect((await post(app, path, one.asked, 'bad')).code).toBe('BAD_REQUEST')
    }
    expect(asked).toBe(0)
    const challenge = await begin(app, one, 'bad')
    for (const proof of [undefined, '', 'ab', 'xy'.repeat(64), 'ab'.repeat(66)]) {
      expect((await post(app, one.sharePath, { proof }, 'bad')).code).toBe('BAD_REQUEST')
    }
    const longest = { ...newExport(await world.newBackup('bad'), world.random).asked, authorization: '\n'.repeat(4096) }
    expect((await post(app, custodianPaths.challenge(toHex(world.random(16))), longest, 'bad')).status).toBe(200)
    expect((await post(app, one.sharePath, one.proof(challenge), 'bad')).status).toBe(200)
  })

  test('browsers may call from the app’s own pages', async () => {
    const preflight = new Request(`https://app.test${custodianPaths.share('ab'.repeat(16))}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.test', 'access-control-request-method': 'POST' },
    })
    const { headers } = await world.app({ allowedOrigins: ['https://app.test'] }).fetch(preflight)
    expect(headers.get('access-control-allow-origin')).toBe('https://app.test')
    expect(headers.get('access-control-allow-methods')).toContain('POST')
  })

  test('a hook that is no function is refused', () => {
    expect(() => world.app({ authorizeExport: true as never })).toThrow(TypeError)
  })
})
