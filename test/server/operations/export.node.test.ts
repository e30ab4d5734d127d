import { describe, expect, test } from 'vitest'
import { exportTerms } from '../../../src/wire/export.ts'
import { decodeRoundBody, encodeRoundBody, type RoundBody, type SessionMessage } from '../../../src/wire/round-body.ts'
import type { ExportRequest, OperationResult, SetStatus } from '../../../src/wire/operations.ts'
import { paths } from '../../../src/wire/paths.ts'
import { getGroup } from '../../../src/curve/index.ts'
import { generateKeyPair } from '../../../src/hpke/x25519.ts'
import { proveExport, receiveShare, recombineKey } from '../../../src/protocol/export/index.ts'
import { createServer, type ExportAuthorization, type PolicyRequest } from '../../../src/server/index.ts'
import type { ServerOptions } from '../../../src/server/create-server.ts'
import { insertSet } from '../../../src/server/sets/sets-table.ts'
import { insertShare } from '../../../src/server/sets/shares.ts'
import { encodeWalletSetRecord, type KeyShare, type WalletShares } from '../../../src/key-share/index.ts'
import { CURVES, type Curve } from '../../../src/types.ts'
import { toHex, utf8 } from '../../../src/util/bytes.ts'
import { createSealer } from '../../../src/util/seal.ts'
import { codeOf, firstFlight, getJson, unwrap, type Answer, type ServerClient } from '../../support/server-client.ts'
import { NOT_TEXTS } from '../../support/texts.ts'
import { walletPair, type WalletPair } from '../../support/wallet-pair.ts'
import { fileWorld } from '../support/file-world.ts'
import { MASTER_KEY, type World } from '../support/world.ts'

const AUTHORIZATION = 'one-time code 493021'
/** u = 1, of order 4. */
const SMALL_ORDER = `01${'00'.repeat(31)}`

let world: World
fileWorld((made) => (world = made))

const sealer = () => createSealer(MASTER_KEY.slice(0, 32), world.random)
const shareOn = ({ shares }: WalletShares, curve: Curve) => shares[CURVES.indexOf(curve)] as KeyShare
const setIdOf = ({ client }: WalletPair) => toHex(client.setId)
const walletIdOf = ({ client }: WalletPair) => toHex(client.walletId)

/** A client in front of a server that allows exports, and what the server's hook was asked. */
function newClient(options: Partial<ServerOptions> = {}, clientId?: string) {
  const asked: ExportAuthorization[] = []
  const authorizeExport = (request: ExportAuthorization) => {
    asked.push(request)
    return true
  }
  const client = world.client([world.server({ authorizeExport, ...options })], clientId)
  return { client, asked }
}

/** A wallet whose server half lies in the database, as if it had been generated. */
async function newWallet({ clientId }: ServerClient, purpose: 'signing' | 'backup' = 'signing'): Promise<WalletPair> {
  const pair = walletPair(purpose, world.random)
  const records = { ...pair.client, records: pair.client.shares.map(({ record }) => record) }
  await world.database.query('insert into reshare_wallets (client_id, wallet_id, created_at) values ($1, $2, $3)', [
    clientId,
    walletIdOf(pair),
    new Date(0),
  ])
  await insertSet(world.database, {
    setId: setIdOf(pair),
    clientId,
    walletId: walletIdOf(pair),
    operationId: toHex(world.random(16)),
    purpose,
    label: 'phone',
    backupMethod: null,
    sourceSetId: null,
    device: null,
    record: encodeWalletSetRecord(getGroup, records),
    createdAt: new Date(0),
  })
  await insertShare({ sealer: sealer() }, world.database, clientId, setIdOf(pair), pair.other)
  await setState(pair, 'ACTIVE')
  return pair
}

async function setState(pair: WalletPair, state: string): Promise<void> {
  const values = [setIdOf(pair), state, new Date(0)]
  await world.database.query('update reshare_sets set state = $2, committed_at = $3 where set_id = $1', values)
}

/** The client's side of one export. */
function newExport(pair: WalletPair, curve: Curve, changed: Partial<ExportRequest> = {}) {
  const keyPair = generateKeyPair(world.random)
  const operationId = toHex(world.random(16))
  const request: ExportRequest = {
    kind: 'export',
    walletId: walletIdOf(pair),
    setId: setIdOf(pair),
    curve,
    authorization: AUTHORIZATION,
    receiver: toHex(keyPair.publicKey),
    ...changed,
  }
  const own = shareOn(pair.client, curve)
  const first = (messages: readonly SessionMessage[]) => {
    const prover = shareOn(pair.client, 'secp256k1')
    return decodeRoundBody(firstFlight(operationId, request, messages, prover, world.random)) as RoundBody<object>
  }
  const terms = exportTerms(getGroup(curve), own.record, operationId, keyPair.publicKey)
  return {
    operationId,
    keyPair,
    terms,
    request,
    first: first([]),
    withParcels: first,
    second(challenge: Uint8Array, share = own): RoundBody<object> {
      const envelope = proveExport(terms, { share, challenge, random: world.random })
      return { header: {}, messages: [{ sessionIndex: 0, envelope }] }
    },
  }
}
type Export = ReturnType<typeof newExport>

const post = (
  client: ServerClient,
  { operationId }: Export,
  round: number,
  flight: RoundBody<object>,
): Promise<Answer> => client.send('POST', paths.round(operationId, round), encodeRoundBody(flight))

const onlyMessage = (answer: Answer): Uint8Array => {
  const { messages } = decodeRoundBody(unwrap(answer))
  expect(messages.map(({ sessionIndex }) => sessionIndex)).toEqual([0])
  return (messages[0] as SessionMessage).envelope
}

async function begin(client: ServerClient, one: Export): Promise<Uint8Array> {
  return onlyMessage(await post(client, one, 1, one.first))
}

async function play(client: ServerClient, one: Export): Promise<Uint8Array> {
  return onlyMessage(await post(client, one, 2, one.second(await begin(client, one))))
}

const exportedAt = async (client: ServerClient, pair: WalletPair): Promise<string | null> => {
  const { sets } = await getJson<{ sets: SetStatus[] }>(client, paths.sets(walletIdOf(pair)))
  return (sets[0] as SetStatus).exportedAt
}

const operationsOf = ({ clientId }: ServerClient) =>
  world.database.query('select request from reshare_operations where client_id = $1', [clientId])

describe('export', () => {
  test.each(CURVES)('hands over the server’s share of %s, sealed, and marks the set', async (curve) => {
    const { client, asked } = newClient()
    const wallet = await newWallet(client)
    expect(await exportedAt(client, wallet)).toBeNull()
    const one = newExport(wallet, curve)
    const second = one.second(await begin(client, one))
    expect(await exportedAt(client, wallet)).toBeNull()
    const answer = await post(client, one, 2, second)
    expect(decodeRoundBody(unwrap(answer)).header as OperationResult).toEqual({
      setId: setIdOf(wallet),
      state: 'ACTIVE',
    })

    const share = receiveShare(one.terms, one.keyPair, onlyMessage(answer))
    expect(share.value).toEqual(shareOn(wallet.other, curve).secretShare)
    const own = shareOn(wallet.client, curve)
    const key = recombineKey(getGroup(curve), own.record, [{ id: own.id, value: own.secretShare }, share])
    expect(getGroup(curve).equalPoints(getGroup(curve).multiplyBase(key), own.record.publicKey)).toBe(true)

    const common = { clientId: client.clientId, walletId: walletIdOf(wallet), setId: setIdOf(wallet), curve }
    expect(asked).toEqual([{ ...common, authorization: AUTHORIZATION }])
    expect(await exportedAt(client, wallet)).toMatch(/^2026-/)
  })

  test('the first time stays', async () => {
    const { client } = newClient()
    const wallet = await newWallet(client)
    await play(client, newExport(wallet, 'secp256k1'))
    const first = await exportedAt(client, wallet)
    world.pass(1000)
    await play(client, newExport(wallet, 'ed25519'))
    expect(await exportedAt(client, wallet)).toBe(first)
  })

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
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'secp256k1')
    const { status, body } = await post(client, one, 1, one.first)
    expect([status, JSON.parse(new TextDecoder().decode(body))]).toEqual([
      403,
      { error: { id: 'POLICY_DENIED', message: 'the export is not authorized', retryable: false } },
    ])
    expect(await operationsOf(client)).toEqual([])
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
    const { client, asked: authorizations } = newClient({ policy })
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'ed25519')
    const challenge = await begin(client, one)
    allowed = false
    expect(codeOf(await post(client, one, 2, one.second(challenge)))).toBe('POLICY_DENIED')
    const common = { clientId: client.clientId, walletId: walletIdOf(wallet), setId: setIdOf(wallet) }
    expect(asked).toEqual([1, 2].map(() => ({ ...common, action: 'export', curve: 'ed25519' })))
    expect(authorizations.length).toBe(1)

    const other = newExport(wallet, 'ed25519')
    expect(codeOf(await post(client, other, 1, other.first))).toBe('POLICY_DENIED')
    expect(authorizations.length).toBe(1)
    allowed = true
    expect(codeOf(await post(client, one, 2, one.second(challenge)))).toBe('PROTOCOL_ABORTED')
    expect(await exportedAt(client, wallet)).toBeNull()
  })

  test('a wrong proof ends it for good', async () => {
    const { client } = newClient()
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'secp256k1')
    const challenge = await begin(client, one)
    const stranger = {
      ...shareOn(wallet.client, 'secp256k1'),
      secretShare: getGroup('secp256k1').randomScalar(world.random),
    }
    expect(codeOf(await post(client, one, 2, one.second(challenge, stranger)))).toBe('PROTOCOL_ABORTED')
    expect(codeOf(await post(client, one, 2, one.second(challenge)))).toBe('PROTOCOL_ABORTED')
    expect(await exportedAt(client, wallet)).toBeNull()
  })

  test('the same round gets the same bytes, another message none', async () => {
    const { client, asked } = newClient()
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'secp256k1')
    const first = await post(client, one, 1, one.first)
    expect(await post(client, one, 1, one.first)).toEqual(first)
    const otherKey = { ...one.first, header: { ...one.first.header, receiver: toHex(world.random(32)) } }
    expect(codeOf(await post(client, one, 1, otherKey))).toBe('PROTOCOL_ABORTED')
    expect(asked.length).toBe(1)

    const second = one.second(onlyMessage(first))
    const last = await post(client, one, 2, second)
    expect(await post(client, one, 2, second)).toEqual(last)
    expect(codeOf(await post(client, one, 2, one.second(onlyMessage(first))))).toBe('PROTOCOL_ABORTED')

    const another = newExport(wallet, 'secp256k1')
    await begin(client, another)
    expect(codeOf(await post(client, another, 2, second))).toBe('PROTOCOL_ABORTED')
  })

  test('another client’s set and operation answer as if they did not exist', async () => {
    const { client: owner } = newClient()
    const { client: stranger, asked } = newClient()
    const wallet = await newWallet(owner)
    const one = newExport(wallet, 'secp256k1')
    const second = one.second(await begin(owner, one))
    const unknown = newExport(walletPair('signing', world.random), 'secp256k1')
    const answers = [
      await post(stranger, one, 1, one.first),
      await post(stranger, one, 2, second),
      await post(stranger, unknown, 1, unknown.first),
      await post(stranger, unknown, 2, second),
    ]
    expect(answers.map(codeOf)).toEqual(answers.map(() => 'AUTH_FAILED'))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(asked).toEqual([])
    await post(owner, one, 2, second)
    expect(await exportedAt(owner, wallet)).not.toBeNull()
  })

  test('a set that cannot sign does not export', async () => {
    const { client, asked } = newClient()
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'secp256k1')
    const challenge = await begin(client, one)
    await setState(wallet, 'RETIRING')
    expect(codeOf(await post(client, one, 2, one.second(challenge)))).toBe('SET_RETIRED')
    const again = newExport(wallet, 'secp256k1')
    expect(codeOf(await post(client, again, 1, again.first))).toBe('SET_RETIRED')
    await setState(wallet, 'PREPARED')
    expect(codeOf(await post(client, again, 1, again.first))).toBe('OPERATION_IN_PROGRESS')
    const backup = newExport(await newWallet(client, 'backup'), 'secp256k1')
    expect(codeOf(await post(client, backup, 1, backup.first))).toBe('SET_MISMATCH')
    const other = newExport(await newWallet(client), 'secp256k1', { walletId: walletIdOf(wallet) })
    expect(codeOf(await post(client, other, 1, other.first))).toBe('SET_MISMATCH')
    expect(asked.length).toBe(1)
  })

  test('a set that is retired at the last moment does not', async () => {
    let releasing = false
    const policy = async () => {
      if (releasing) await setState(wallet, 'RETIRING')
      return true
    }
    const { client } = newClient({ policy })
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'ed25519')
    const challenge = await begin(client, one)
    releasing = true
    expect(codeOf(await post(client, one, 2, one.second(challenge)))).toBe('SET_RETIRED')
    expect(await exportedAt(client, wallet)).toBeNull()
  })

  test('an export that waits too long is over', async () => {
    const { client } = newClient()
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'ed25519')
    const challenge = await begin(client, one)
    world.pass(10 * 60_000)
    expect(codeOf(await post(client, one, 2, one.second(challenge)))).toBe('PROTOCOL_ABORTED')
  })

  test('bad input changes nothing', async () => {
    const { client, asked } = newClient()
    const wallet = await newWallet(client)
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
      const one = newExport(wallet, 'secp256k1', fields as Partial<ExportRequest>)
      expect([fields, codeOf(await post(client, one, 1, one.first))]).toEqual([fields, 'BAD_REQUEST'])
    }
    expect(asked).toEqual([])
    const one = newExport(wallet, 'secp256k1')
    const messages = [{ sessionIndex: 0, envelope: world.random(32) }]
    expect(codeOf(await post(client, one, 1, one.withParcels(messages)))).toBe('BAD_REQUEST')
    expect(await operationsOf(client)).toEqual([])

    const second = one.second(await begin(client, one))
    const [proof] = second.messages as [SessionMessage]
    for (const wrong of [[], [proof, { ...proof, sessionIndex: 1 }], [{ ...proof, sessionIndex: 1 }]]) {
      expect(codeOf(await post(client, one, 2, { ...second, messages: wrong }))).toBe('BAD_REQUEST')
    }
    await post(client, one, 2, second)
    expect(await exportedAt(client, wallet)).not.toBeNull()
  })

  test('neither a share nor the authorisation is stored or told in the clear', async () => {
    const told: unknown[] = []
    const { client } = newClient({ onError: (error) => told.push(error) })
    const wallet = await newWallet(client)
    const one = newExport(wallet, 'secp256k1')
    const challenge = await begin(client, one)
    const requestOf = async () => JSON.parse((await operationsOf(client))[0]!['request'] as string) as unknown
    expect(await requestOf()).toEqual({ ...one.request, authorization: '' })
    const sealed = onlyMessage(await post(client, one, 2, one.second(challenge)))
    expect(receiveShare(one.terms, one.keyPair, sealed).value.length).toBe(32)
    expect(await operationsOf(client)).toEqual([{ request: null }])

    const tables = ['operations', 'responses', 'decisions', 'sets', 'shares']
    const stored: unknown[] = []
    for (const table of tables) stored.push(...(await world.database.query(`select * from reshare_${table}`)))
    const place = { clientId: client.clientId, row: `${one.operationId}/2` }
    const key = [client.clientId, one.operationId]
    const answers = await world.database.query(
      'select sealed from reshare_responses where client_id = $1 and operation_id = $2 and round = 2',
      key,
    )
    const opened = sealer().open({ purpose: 'answer', ...place }, answers[0]!['sealed'] as Uint8Array)
    expect(toHex(opened)).toContain(toHex(sealed))

    const text = [...stored, opened, told.map(String)].map(inHex).join('\n')
    for (const half of [wallet.client, wallet.other]) {
      for (const { secretShare } of half.shares) expect(text).not.toContain(toHex(secretShare))
    }
    expect(text).not.toContain(toHex(one.keyPair.secretKey))
    expect(text).not.toContain(AUTHORIZATION)
    expect(text).not.toContain(toHex(utf8(AUTHORIZATION)))
  })

  test('a sweep forgets all of it but that it was decided', async () => {
    const { client } = newClient()
    await play(client, newExport(await newWallet(client), 'ed25519'))
    world.pass(2 * 60 * 60_000)
    await world.server().sweep()
    // Begun anew, what a relay has kept of an export would count as a failed proof.
    for (const [table, kept] of Object.entries({ operations: 0, responses: 0, decisions: 1 })) {
      const rows = await world.database.query(
        `select 1 from reshare_${table} where client_id = $1 and operation_id not in
           (select operation_id from reshare_sets where client_id = $1)`,
        [client.clientId],
      )
      expect([table, rows.length]).toEqual([table, kept])
    }
  })

  test('a hook that is no function is refused', () => {
    expect(() => world.server({ authorizeExport: true as never })).toThrow(TypeError)
  })
})

/** A row, or anything else, as text in which every byte string is hex. */
function inHex(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (part instanceof Uint8Array ? toHex(part) : part))
}
