import { describe, expect, test } from 'vitest'
import type { SessionMessage } from '../../../src/wire/round-body.ts'
import type { ExportRequest } from '../../../src/wire/operations.ts'
import { createServer, type PolicyRequest } from '../../../src/server/index.ts'
import { codeOf } from '../../support/server-client.ts'
import { NOT_TEXTS } from '../../support/texts.ts'
import {
  beginExport,
  exportClient,
  exportedAt,
  newExport,
  postRound,
  requestsKept,
  setInWorld,
  setState,
} from '../support/exports.ts'
import { fileWorld } from '../support/file-world.ts'
import { newSet } from '../support/played.ts'
import { MASTER_KEY, type World } from '../support/world.ts'

let world: World
fileWorld((made) => (world = made))

/** u = 1, of order 4. */
const SMALL_ORDER = `01${'00'.repeat(31)}`

describe('an export', () => {
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
    const errors: unknown[] = []
    const server = createServer({
      database: world.database,
      masterKey: MASTER_KEY.slice(0, 32),
      authenticate: () => ({ clientId: client.clientId }),
      onError: (error) => errors.push(error),
      ...(authorizeExport && { authorizeExport }),
    })
    const client = world.client([server])
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'secp256k1')
    const { status, body } = await postRound(client, one, 1, one.first)
    expect([status, JSON.parse(new TextDecoder().decode(body))]).toEqual([
      403,
      { error: { id: 'POLICY_DENIED', message: 'the export is not authorized', retryable: false } },
    ])
    expect(await requestsKept(world, client)).toEqual([])
    const told = errors.map((error) => String((error as Error).cause))
    expect(told).toEqual(/throws|rejects/.test(name) ? ['Error: the detail of the hook'] : [])
  })

  test('the policy is asked before the hook, and again before the share is released', async () => {
    const asked: PolicyRequest[] = []
    let allowed = true
    const policy = (request: PolicyRequest) => {
      asked.push(request)
      return allowed
    }
    const { client, asked: authorizations } = exportClient(world, { policy })
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'ed25519')
    const challenge = await beginExport(client, one)
    allowed = false
    expect(codeOf(await postRound(client, one, 2, one.second(challenge)))).toBe('POLICY_DENIED')
    const common = { clientId: client.clientId, walletId: wallet.walletId, setId: wallet.setId }
    expect(asked).toEqual([1, 2].map(() => ({ ...common, action: 'export', curve: 'ed25519' })))
    expect(authorizations.length).toBe(1)

    const other = newExport(world, wallet, 'ed25519')
    expect(codeOf(await postRound(client, other, 1, other.first))).toBe('POLICY_DENIED')
    expect(authorizations.length).toBe(1)
    allowed = true
    expect(codeOf(await postRound(client, one, 2, one.second(challenge)))).toBe('PROTOCOL_ABORTED')
    expect(await exportedAt(client, wallet)).toBeNull()
  })

  test('another client’s set and operation answer as if they did not exist', async () => {
    const { client: owner } = exportClient(world)
    const { client: stranger, asked } = exportClient(world)
    const wallet = await setInWorld(world, owner)
    const one = newExport(world, wallet, 'secp256k1')
    const second = one.second(await beginExport(owner, one))
    const unknown = newExport(world, newSet('signing', world.random), 'secp256k1')
    const answers = [
      await postRound(stranger, one, 1, one.first),
      await postRound(stranger, one, 2, second),
      await postRound(stranger, unknown, 1, unknown.first),
      await postRound(stranger, unknown, 2, second),
    ]
    expect(answers.map(codeOf)).toEqual(answers.map(() => 'AUTH_FAILED'))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(asked).toEqual([])
    await postRound(owner, one, 2, second)
    expect(await exportedAt(owner, wallet)).not.toBeNull()
  })

  test('a set that cannot sign does not export', async () => {
    const { client, asked } = exportClient(world)
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'secp256k1')
    const challenge = await beginExport(client, one)
    await setState(world, wallet, 'RETIRING')
    expect(codeOf(await postRound(client, one, 2, one.second(challenge)))).toBe('SET_RETIRED')
    const again = newExport(world, wallet, 'secp256k1')
    expect(codeOf(await postRound(client, again, 1, again.first))).toBe('SET_RETIRED')
    await setState(world, wallet, 'PREPARED')
    expect(codeOf(await postRound(client, again, 1, again.first))).toBe('OPERATION_IN_PROGRESS')
    const backup = newExport(world, await setInWorld(world, client, 'backup'), 'secp256k1')
    expect(codeOf(await postRound(client, backup, 1, backup.first))).toBe('SET_MISMATCH')
    const other = newExport(world, await setInWorld(world, client), 'secp256k1', { walletId: wallet.walletId })
    expect(codeOf(await postRound(client, other, 1, other.first))).toBe('SET_MISMATCH')
    expect(asked.length).toBe(1)
  })

  test('a set that is retired at the last moment does not', async () => {
    let releasing = false
    const policy = async () => {
      if (releasing) await setState(world, wallet, 'RETIRING')
      return true
    }
    const { client } = exportClient(world, { policy })
    const wallet = await setInWorld(world, client)
    const one = newExport(world, wallet, 'ed25519')
    const challenge = await beginExport(client, one)
    releasing = true
    expect(codeOf(await postRound(client, one, 2, one.second(challenge)))).toBe('SET_RETIRED')
    expect(await exportedAt(client, wallet)).toBeNull()
  })

  test('bad input changes nothing', async () => {
    const { client, asked } = exportClient(world)
    const wallet = await setInWorld(world, client)
    const bad: Partial<Record<keyof ExportRequest, unknown>>[] = [
      { receiver: SMALL_ORDER },
      { receiver: '00'.repeat(32) },
      { receiver: 'ab'.repeat(31) },
      { receiver: undefined },
      { curve: 'p256' },
      { authorization: undefined },
      { authorization: 7 },
      { authorization: '' },
      { authorization: 'x'.repeat(4097) },
      ...NOT_TEXTS.map((authorization) => ({ authorization })),
      { setId: 'ab' },
      { label: 'phone' } as never,
    ]
    for (const fields of bad) {
      const one = newExport(world, wallet, 'secp256k1', fields as Partial<ExportRequest>)
      expect([fields, codeOf(await postRound(client, one, 1, one.first))]).toEqual([fields, 'BAD_REQUEST'])
    }
    expect(asked).toEqual([])
    const one = newExport(world, wallet, 'secp256k1')
    const messages = [{ sessionIndex: 0, envelope: world.random(32) }]
    expect(codeOf(await postRound(client, one, 1, one.withMessages(messages)))).toBe('BAD_REQUEST')
    expect(await requestsKept(world, client)).toEqual([])

    const second = one.second(await beginExport(client, one))
    const [proof] = second.messages as [SessionMessage]
    for (const wrong of [[], [proof, { ...proof, sessionIndex: 1 }], [{ ...proof, sessionIndex: 1 }]]) {
      expect(codeOf(await postRound(client, one, 2, { ...second, messages: wrong }))).toBe('BAD_REQUEST')
    }
    await postRound(client, one, 2, second)
    expect(await exportedAt(client, wallet)).not.toBeNull()
  })

  test('a hook that is no function is refused', () => {
    expect(() => world.server({ authorizeExport: true as never })).toThrow(TypeError)
  })
})
