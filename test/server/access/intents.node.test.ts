import { hashMessage, hexToBytes } from 'viem'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { isProtocolError } from '../../../src/errors.ts'
import { ethereumAddress } from '../../../src/adapters/viem/index.ts'
import { getGroup } from '../../../src/curve/index.ts'
import type { IntentDecoder } from '../../../src/policy/types.ts'
import { ethereumIntents } from '../../../src/policy/ethereum/index.ts'
import { readIntentRules, verifyIntents } from '../../../src/server/access/intents.ts'
import { mergeRates } from '../../../src/server/access/rate-limits.ts'
import { encodeWalletSetRecord } from '../../../src/key-share/index.ts'
import type { ServerContext } from '../../../src/server/context.ts'
import { hashRequest } from '../../../src/server/rounds/request-hash.ts'
import { insertOperation } from '../../../src/server/rounds/operations-table.ts'
import type { PolicyConditions, PolicyRequest } from '../../../src/server/index.ts'
import { encodeIntent } from '../../../src/wire/intent.ts'
import { decodeRoundBody, encodeRoundBody } from '../../../src/wire/round-body.ts'
import { fromUtf8, toHex, utf8 } from '../../../src/util/bytes.ts'
import { play, type ClientOperation } from '../../support/server-client.ts'
import { keyOf, nobleTakes } from '../support/ecdsa.ts'
import { ecdsaOwner } from '../support/ecdsa-owner.ts'
import { fileTables } from '../support/file-tables.ts'
import type { Tables } from '../support/tables.ts'
import { complete, preprocessed, sign, signEcdsa } from '../support/wallets.ts'

const errorOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error) // prettier-ignore

type Owner = Awaited<ReturnType<typeof ecdsaOwner>>
type Start = (owner: Owner, changed: Partial<ServerContext>, about: About) => Promise<ClientOperation>
interface About {
  readonly message: string
  readonly intent?: string
}

let tables: Tables
let owner: Owner
fileTables((made) => (tables = made))
beforeAll(async () => {
  owner = await ecdsaOwner(tables)
})

const of = (text: string) => toHex(encodeIntent({ kind: 'ethereumMessage', data: utf8(text) }))
const digest = (text: string) => toHex(hexToBytes(hashMessage(text)))
const HONEST = { message: digest('hello'), intent: of('hello') }
const intents = readIntentRules([ethereumIntents()])

/** Every way to sign with ECDSA. */
const ways: readonly [string, Start][] = [
  [
    'a setup',
    async ({ having, wallet }, changed, about) => signEcdsa(having(changed), wallet, { hash: null, ...about }),
  ],
  [
    'a preprocessing',
    async ({ having, client, wallet }, changed, about) =>
      complete(having(changed), wallet, await preprocessed(client, wallet), { hash: null, ...about }),
  ],
  [
    'an ephemeral setup',
    async ({ having, wallet }, changed, about) =>
      signEcdsa(having(changed), wallet, { hash: null, source: { kind: 'ephemeralSetup' }, ...about }),
  ],
]

/** Asks a policy that keeps what it is asked. */
function asking() {
  const asked: PolicyRequest[] = []
  return { asked, policy: (request: PolicyRequest) => asked.push(request) > 0 }
}

/** How many rows the client has in the tables of operations. */
async function rows(): Promise<unknown> {
  const counts = ['operations', 'decisions', 'responses'].map(
    (table) => `(select count(*)::int from reshare_${table} where client_id = $1) as ${table}`,
  )
  const unused = '(select count(*)::int from reshare_preprocessings where set_id = $2) as preprocessings'
  const charged = `(select coalesce(sum(count), 0)::int from reshare_rates where client_id = $1 and kind = 'sign') as charged`
  return tables.row(`select ${[...counts, unused, charged].join(', ')}`, owner.clientId, owner.set.setId)
}

describe.each(ways)('a signature with %s', (_, start) => {
  test('whose intent is what is signed is made, and the policy sees it', async () => {
    const { asked, policy } = asking()
    const operation = await play(await start(owner, { intents, policy }, HONEST))
    expect(nobleTakes(operation, owner.wallet.signing)).toBe(true)
    const signer = ethereumAddress(getGroup('secp256k1').encodePoint(keyOf(owner.wallet.signing, 'm')))
    const data = '0x68656c6c6f'
    expect(asked.filter(({ action }) => action === 'sign').map(({ intent }) => intent)).toEqual([
      { kind: 'ethereumMessage', verified: true, signer, data, text: 'hello' },
    ])
  })

  test.each([
    ['another text', { message: digest('hello'), intent: of('hullo') }],
    ['typed data that is none', { message: digest('hello'), intent: `0103${toHex(utf8('hello'))}` }],
  ])('whose intent is %s is refused, and counts by the rate alone', async (_name, about) => {
    const { asked, policy } = asking()
    const operation = await start(owner, { intents, policy }, about)
    const before = await rows()
    expect(await errorOf(operation.post())).toMatchObject({ code: 'INTENT_MISMATCH', retryable: false })
    expect(await errorOf(operation.post())).toMatchObject({ code: 'INTENT_MISMATCH' })
    expect(await rows()).toEqual({ ...(before as object), charged: (before as { charged: number }).charged + 2 })
    expect(asked.filter(({ action }) => action === 'sign')).toEqual([])
  })

  test('is not made with an intent that was changed on its way, whether the server decodes it or not', async () => {
    for (const rules of [intents, readIntentRules()]) {
      for (const intent of [of('hullo'), undefined]) {
        const operation = await start(owner, { intents: rules }, HONEST)
        const { header, messages } = decodeRoundBody(operation.body as Uint8Array)
        const { intent: _intent, ...rest } = header as { intent: string }
        operation.body = encodeRoundBody({ header: { ...rest, ...(intent && { intent }) }, messages })
        const error = await errorOf(play(operation))
        if (rules === intents && intent !== undefined) expect(error).toMatchObject({ code: 'INTENT_MISMATCH' })
        else expect([isProtocolError(error), (error as { reason?: string }).reason, (error as { ban?: boolean }).ban]).toEqual([true, 'SID', false]) // prettier-ignore
      }
    }
  })

  test('is raw without an intent, and with one that the server does not decode', async () => {
    for (const [rules, about] of [
      [intents, { message: digest('hello') }],
      [readIntentRules(), HONEST],
      [readIntentRules(), { message: digest('hello'), intent: of('hullo') }],
    ] as const) {
      const { asked, policy } = asking()
      await play(await start(owner, { intents: rules, policy }, about))
      expect(asked.at(-1)?.intent).toEqual({ kind: 'raw', verified: false })
    }
  })

  test('is refused without a decoded intent if the server requires one', async () => {
    const onlyOthers: IntentDecoder = { ...ethereumIntents(), kinds: ['ethereumTransaction'] }
    for (const [rules, about] of [
      [readIntentRules([ethereumIntents()], true), { message: digest('hello') }],
      [readIntentRules([onlyOthers], true), HONEST],
    ] as const) {
      const operation = await start(owner, { intents: rules }, about)
      const before = await rows()
      expect(await errorOf(operation.post())).toMatchObject({ code: 'INTENT_REQUIRED', retryable: false })
      expect(await rows()).toEqual(before)
    }
  })

  test('gets the same response when it is repeated, and none with another intent', async () => {
    const operation = await start(owner, { intents }, HONEST)
    const response = await operation.post()
    expect(await operation.post()).toEqual(response)
    const { header, messages } = decodeRoundBody(operation.body as Uint8Array)
    operation.body = encodeRoundBody({ header: { ...(header as object), intent: of('hullo') }, messages })
    expect(await errorOf(operation.post())).toMatchObject({ code: 'PROTOCOL_ABORTED' })
  })
})

test('intents are decoded within the rate of signatures, which those that are refused use up, too', async () => {
  const fresh = await ecdsaOwner(tables)
  const decoder = ethereumIntents()
  const decode = vi.fn(decoder.decode)
  const limits = { ...tables.context.limits, rates: mergeRates({ sign: { count: 2, perMs: 3_600_000 } }) }
  const client = fresh.having({ intents: readIntentRules([{ ...decoder, decode }]), limits })
  const post = (about: About) => errorOf(play(signEcdsa(client, fresh.wallet, { hash: null, ...about })))
  for (const _ of [1, 2]) {
    expect(await post({ ...HONEST, intent: of('hullo') })).toMatchObject({ code: 'INTENT_MISMATCH' })
  }
  for (const about of [{ ...HONEST, intent: of('hullo') }, HONEST]) {
    expect(await post(about)).toMatchObject({ code: 'RATE_LIMITED' })
  }
  expect(decode).toHaveBeenCalledTimes(2)
})

test('a signature that the policy denies counts by the rate, too, and one that waits does not', async () => {
  const fresh = await ecdsaOwner(tables)
  const decoder = ethereumIntents()
  const decode = vi.fn(decoder.decode)
  const limits = { ...tables.context.limits, rates: mergeRates({ sign: { count: 2, perMs: 3_600_000 } }) }
  const rules = readIntentRules([{ ...decoder, decode }])
  const asking = (answer: false | PolicyConditions) => {
    const client = fresh.having({ intents: rules, limits, policy: () => answer })
    return errorOf(play(signEcdsa(client, fresh.wallet, { hash: null, ...HONEST })))
  }
  for (const _ of [1, 2, 3]) expect(await asking({ approval: 'operator' })).toMatchObject({ code: 'APPROVAL_REQUIRED' })
  for (const _ of [1, 2]) expect(await asking(false)).toMatchObject({ code: 'POLICY_DENIED' })
  expect(await asking(false)).toMatchObject({ code: 'RATE_LIMITED' })
  expect(decode).toHaveBeenCalledTimes(5)
})

test('copies of a request that is being played are neither decoded nor judged', async () => {
  const fresh = await ecdsaOwner(tables)
  const { asked, policy } = asking()
  const operation = signEcdsa(fresh.having({ intents, policy }), fresh.wallet, { hash: null, ...HONEST })
  const { operationId, request, body } = operation
  const requestHash = hashRequest(tables.context, body as Uint8Array)
  const key = { clientId: fresh.clientId, device: fresh.device, operationId }
  await insertOperation(tables.context, tables.database, {
    ...key,
    request,
    requestHash,
    token: tables.context.random(16),
  })
  expect(await errorOf(operation.post())).toMatchObject({ code: 'OPERATION_IN_PROGRESS' })
  expect(asked).toEqual([])
  // Its process has ended: the round is played by another one.
  tables.clock += tables.context.limits.roundMs
  await play(operation)
  expect(asked).toHaveLength(1)
})

test('items of one intent are decoded one after the other, and keep their places', () => {
  const { signing } = owner.wallet
  const record = encodeWalletSetRecord(getGroup, { ...signing, records: signing.shares.map((share) => share.record) })
  const decoded: string[] = []
  const decoder: IntentDecoder = {
    kinds: ['bitcoinTransaction'],
    decode: (intent, { scheme, message }) => {
      const { data, input } = intent as Extract<typeof intent, { kind: 'bitcoinTransaction' }>
      decoded.push(fromUtf8(data))
      return { scheme, message, intent: { kind: 'test', input } as never }
    },
  }
  const intent = (data: string) => toHex(encodeIntent({ kind: 'bitcoinTransaction', data: utf8(data), input: 0 }))
  const item = { scheme: 'ecdsa', message: digest('hello'), hash: null, path: 'm' } as const
  const items = [0, 1, 0, 1].map((at, input) => ({ ...item, intent: at, input }))
  const named = { walletId: owner.wallet.walletId, setId: owner.wallet.setId }
  const request = { kind: 'signAll', ...named, items, intents: [intent('first'), intent('second')] } as const
  const verified = verifyIntents(readIntentRules([decoder]), request, { record })
  expect(decoded).toEqual(['first', 'first', 'second', 'second'])
  expect(verified.map((one) => (one as { input?: number }).input)).toEqual([0, 1, 2, 3])
})

test.each(['ed25519', 'bip340'] as const)('a signature with %s is bound to its intent', async (scheme) => {
  const about = { intent: of('a message') }
  const { asked, policy } = asking()
  const operation = await play(sign(owner.having({ policy }), owner.wallet.signing, scheme, 'a message', about))
  expect(operation.signature).toHaveLength(64)
  expect(asked.map(({ intent }) => intent)).toEqual([{ kind: 'raw', verified: false }])
  const changed = sign(owner.client, owner.wallet.signing, scheme, 'a message', about)
  const { header, messages } = decodeRoundBody(changed.body as Uint8Array)
  changed.body = encodeRoundBody({ header: { ...(header as object), intent: of('another') }, messages })
  await expect(play(changed)).rejects.toThrow()
  // An intent of Ethereum is signed by ECDSA only.
  const wrong = sign(owner.having({ intents }), owner.wallet.signing, scheme, 'a message', about)
  expect(await errorOf(wrong.post())).toMatchObject({ code: 'INTENT_MISMATCH' })
})

test('the options of a server are checked', () => {
  const decoder = ethereumIntents()
  expect(() => readIntentRules([decoder, decoder])).toThrow('ethereumTransaction is decoded twice')
  expect(() => readIntentRules([], true)).toThrow('requireIntent needs intents')
  expect(() => readIntentRules([{ ...decoder, kinds: ['raw' as never] }])).toThrow('unknown kind raw')
  for (const wrong of [null, {}, [null], [{}], [{ kinds: [] }]]) {
    expect(() => readIntentRules(wrong as never)).toThrow(TypeError)
  }
  expect(() => readIntentRules([decoder], 1 as never)).toThrow(TypeError)
})
