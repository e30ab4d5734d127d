import { describe, expect, test } from 'vitest'
import type { SignAllRequest, SignItem } from '../../../src/wire/sign-items.ts'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import type { ClientOperation } from '../../support/server-client.ts'
import { bip340, digest, ecdsa, edwards, mixed, signAll } from '../support/batches.ts'
import { ecdsaOwner } from '../support/ecdsa-owner.ts'
import { fileTables } from '../support/file-tables.ts'
import { type Tables } from '../support/tables.ts'

let tables: Tables
fileTables((made) => (tables = made))

const owner = () => ecdsaOwner(tables)
const decision = async ({ operationId }: ClientOperation) =>
  (await tables.row('select decision from reshare_decisions where operation_id = $1', operationId))?.['decision']
const isPoisoned = async (setId: string) =>
  (await tables.row('select poisoned from reshare_ot_states where set_id = $1', setId))?.['poisoned']

describe('what is bound:', () => {
  const changes: readonly (readonly [string, (request: SignAllRequest) => Partial<SignAllRequest>])[] = [
    ['two items are swapped', ({ items: [a, b, ...rest] }) => ({ items: [b!, a!, ...rest] })],
    ['an item is repeated in the place of another', ({ items: [a, , ...rest] }) => ({ items: [a!, a!, ...rest] })],
    ['the last item is left out', ({ items }) => ({ items: items.slice(0, -1) })],
    ['an item is added', ({ items }) => ({ items: [...items, edwards] })],
    ['a path is changed', ({ items: [a, b, ...rest] }) => ({ items: [a!, { ...b!, path: 'm/4' }, ...rest] })],
    [
      'an intent is added',
      ({ items: [a, ...rest] }) => ({ items: [{ ...a!, intent: 0 }, ...rest], intents: ['0102aa'] }),
    ],
  ]

  test.each(changes)('if %s, nothing is signed', async (_, changed) => {
    const { client, wallet } = await owner()
    for (const items of [mixed, [edwards, { ...edwards, path: 'm/1' }, bip340]]) {
      const operation = signAll(client, wallet, items)
      const { header, messages } = decodeRoundBody(operation.body!)
      const request = header as SignAllRequest
      operation.body = encodeRoundBody({ header: { ...request, ...changed(request) }, messages })
      await expect(operation.post()).rejects.toThrow(
        /signs something else|another share set or session|no session|lacks/,
      )
      expect(await isPoisoned(wallet.setId)).toBe(false)
    }
  })

  test.each([
    ['ECDSA', [ecdsa(1), ecdsa(2)]],
    ['FROST', [bip340, edwards]],
  ])('a request of %s in another operation signs nothing', async (_, items) => {
    const { client, wallet } = await owner()
    const [one, other] = [signAll(client, wallet, items), signAll(client, wallet, items)]
    one.body = other.body
    await expect(one.post()).rejects.toThrow(/signs something else|another share set or session/)
  })

  test('messages of two items that are swapped sign nothing', async () => {
    const { client, wallet } = await owner()
    for (const [items, rounds] of [
      [[ecdsa(1), ecdsa(2)], 2],
      [[bip340, bip340], 1],
    ] as const) {
      const operation = signAll(client, wallet, items)
      if (rounds === 2) operation.take(await operation.post())
      const { header, messages } = decodeRoundBody(operation.body!)
      const swapped = messages.map(({ sessionIndex, envelope }) => ({ sessionIndex: 1 - sessionIndex, envelope }))
      operation.body = encodeRoundBody({ header: header as object, messages: swapped })
      await expect(operation.post()).rejects.toMatchObject({ code: 'SET_MISMATCH' })
    }
  })
})

describe('a request is refused', () => {
  const refused: readonly (readonly [string, Partial<SignAllRequest>])[] = [
    ['without items', { items: [] }],
    ['with 65 items', { items: new Array<SignItem>(65).fill(edwards) }],
    ['with ECDSA after another scheme', { items: [edwards, ecdsa(1)] }],
    ['with a digest of 31 bytes', { items: [{ ...ecdsa(1), message: 'ab'.repeat(31) }] }],
    ['with too few preprocessings', { items: [ecdsa(1), ecdsa(2)], preprocessings: [digest(1)] }],
    ['with a preprocessing twice', { items: [ecdsa(1), ecdsa(2)], preprocessings: [digest(1), digest(1)] }],
    ['with preprocessings for FROST', { items: [edwards], preprocessings: [digest(1)] }],
    ['with an intent that is not there', { items: [{ ...edwards, intent: 1 }], intents: ['0107'] }],
    ['with an intent that nobody names', { items: [edwards], intents: ['0107'] }],
    ['with an intent that is none', { items: [{ ...edwards, intent: 0 }], intents: ['0207'] }],
    ['with an intent in broken hex', { items: [{ ...edwards, intent: 0 }], intents: ['010'] }],
    ['with an input of what has none', { items: [{ ...edwards, intent: 0, input: 1 }], intents: ['0107'] }],
    ['with an input of nothing', { items: [{ ...edwards, input: 1 }] }],
    ['without the input', { items: [{ ...bip340, intent: 0 }], intents: ['010500000000aa'] }],
    ['with an index that is no number', { items: [{ ...edwards, intent: '0' as never }], intents: ['0107'] }],
  ]

  test.each(refused)('%s', async (_, changed) => {
    const { client, wallet } = await owner()
    const operation = signAll(client, wallet, [edwards])
    const { header, messages } = decodeRoundBody(operation.body!)
    operation.body = encodeRoundBody({ header: { ...(header as object), ...changed }, messages })
    await expect(operation.post()).rejects.toThrow(/the operation's .* is not valid/)
    expect(await decision(operation)).toBeUndefined()
  })
})
