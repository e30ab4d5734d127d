import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodianPaths, exportTerms } from '../../src/wire/export.ts'
import { exportFromBackup } from '../../src/export.ts'
import { createClient, type Transport } from '../../src/index.ts'
import { getGroup } from '../../src/curve/index.ts'
import { createCustodian, type CustodianApp, type CustodianOptions } from '../../src/custodian/index.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { proveExport, receiveShare, recombineKey } from '../../src/protocol/export/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { encodeWalletShares, type KeyShare, type WalletShares } from '../../src/key-share/index.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { inProcessTransport } from '../../src/transport/index.ts'
import { CURVES, type Curve } from '../../src/types.ts'
import { fromHex, toBase64, toHex, utf8 } from '../../src/util/bytes.ts'
import { plainMethod } from '../client/support/plain-method.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'
import { seededRandom } from '../support/random.ts'
import { NOT_TEXTS } from '../support/texts.ts'
import { walletPair, type WalletPair } from '../support/wallet-pair.ts'

const SECRET = 'webhook-secret-of-the-tests'
const AUTHORIZATION = 'one-time code 493021'
const USER_HEADER = 'x-test-user'
const ALLOWED: CustodianOptions['authorizeExport'] = () => true

const shareOn = ({ shares }: WalletShares, curve: Curve) => shares[CURVES.indexOf(curve)] as KeyShare
const setIdOf = ({ client }: WalletPair) => toHex(client.setId)

describe.each(chosenDatabases('custodian/export'))('the custodian’s exports on $name', ({ open }) => {
  const random = seededRandom()
  let database: Database
  let errors: unknown[]
  let time = Date.UTC(2026, 0, 1)
  beforeAll(async () => {
    database = await open()
    errors = []
  })
  afterAll(() => database.close())

  const custodian = (options: Partial<CustodianOptions> = {}): CustodianApp =>
    createCustodian({
      database,
      webhookSecret: SECRET,
      masterKey: utf8('the custodian key of these tests'),
      authenticateUser: (request) => {
        const name = request.headers.get(USER_HEADER)
        return name ? { userId: `user ${name}`, clientId: `client ${name}` } : undefined
      },
      onError: (error) => errors.push(error),
      // One user asks more often here than a user does in a week.
      limits: { rates: null, lockOut: null },
      now: () => time,
      random,
      ...options,
    })

  async function post(app: CustodianApp, path: string, body: unknown, user: string | null) {
    const answer = await app.fetch(
      new Request(`https://app.test${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-webhook-secret': SECRET,
          ...(user !== null && { [USER_HEADER]: user }),
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    )
    expect(answer.headers.get('cache-control')).toBe('no-store')
    return { status: answer.status, json: (await answer.json()) as Record<string, never> }
  }

  /** A backup of a user, whose custodian half is stored. */
  async function newBackup(user: string): Promise<WalletPair> {
    const pair = walletPair('backup', random)
    await store(user, setIdOf(pair), encodeWalletShares(getGroup, pair.other))
    return pair
  }

  async function store(user: string, setId: string, half: Uint8Array): Promise<void> {
    const body = { clientId: `client ${user}`, backupMethod: 'PASSWORD', share: toBase64(half), setId }
    expect((await post(custodian(), '/backup', body, null)).status).toBe(200)
  }

  /** The user's side of one export. */
  function newExport(pair: WalletPair, curve: Curve = 'secp256k1') {
    const keyPair = generateKeyPair(random)
    const exportId = toHex(random(16))
    const own = shareOn(pair.client, curve)
    const terms = exportTerms(getGroup(curve), own.record, exportId, keyPair.publicKey)
    const asked = { setId: setIdOf(pair), curve, authorization: AUTHORIZATION, receiver: toHex(keyPair.publicKey) }
    return {
      keyPair,
      terms,
      asked,
      own,
      challengePath: custodianPaths.challenge(exportId),
      sharePath: custodianPaths.share(exportId),
      prove: (challenge: string, share = own) => ({
        proof: toHex(proveExport(terms, { share, challenge: fromHex(challenge), random })),
      }),
    }
  }
  type Export = ReturnType<typeof newExport>

  async function begin(app: CustodianApp, one: Export, user: string): Promise<string> {
    const { status, json } = await post(app, one.challengePath, one.asked, user)
    expect([status, json]).toEqual([200, { challenge: expect.stringMatching(/^[0-9a-f]{64}$/) }])
    return json['challenge'] as unknown as string
  }

  const exportedAt = async (pair: WalletPair) => {
    const query = 'select exported_at from reshare_custodian_shares where set_id = $1'
    return (await database.query(query, [setIdOf(pair)]))[0]?.['exported_at']
  }

  const idOf = ({ json }: { json: Record<string, { id: string }> }) => json['error']?.id

  test.each(CURVES)('the half of %s goes to who proves to hold the other, sealed, and is marked', async (curve) => {
    const asked: unknown[] = []
    const app = custodian({ authorizeExport: (by, request) => asked.push([by, request]) > 0 })
    const user = `round trip ${curve}`
    const backup = await newBackup(user)
    const one = newExport(backup, curve)
    const challenge = await begin(app, one, user)
    expect(await exportedAt(backup)).toBeNull()
    const { status, json } = await post(app, one.sharePath, one.prove(challenge), user)
    expect(status).toBe(200)
    const share = receiveShare(one.terms, one.keyPair, fromHex(json['sealed'] as unknown as string))
    expect(share.value).toEqual(shareOn(backup.other, curve).secretShare)
    const { own, terms } = one
    expect(recombineKey(terms.group, own.record, [{ id: own.id, value: own.secretShare }, share]).length).toBe(32)
    const request = { setId: setIdOf(backup), curve, authorization: AUTHORIZATION }
    expect(asked).toEqual([[{ userId: `user ${user}`, clientId: `client ${user}` }, request]])
    expect(await exportedAt(backup)).toEqual(new Date(time))

    time += 1000
    const again = newExport(backup, curve)
    await post(app, again.sharePath, again.prove(await begin(app, again, user)), user)
    expect(await exportedAt(backup)).toEqual(new Date(time - 1000))
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
    const told: unknown[] = []
    const app = custodian({ onError: (error) => told.push(error), ...(authorizeExport && { authorizeExport }) })
    const one = newExport(await newBackup('denied'))
    const { status, json } = await post(app, one.challengePath, one.asked, 'denied')
    expect([status, json]).toEqual([
      403,
      { error: { id: 'POLICY_DENIED', message: 'the export is not authorized', retryable: false } },
    ])
    const causes = told.map((error) => String((error as Error).cause))
    expect(causes).toEqual(/throws|rejects/.test(name) ? ['Error: the detail of the hook'] : [])
    const rows = await database.query('select 1 from reshare_custodian_exports where client_id = $1', ['client denied'])
    expect(rows).toEqual([])
  })

  test('unknown and foreign sets, exports and users get one answer, before the hook is asked', async () => {
    let asked = 0
    const app = custodian({ authorizeExport: () => ++asked > 0 })
    const backup = await newBackup('owner')
    const mine = newExport(backup)
    const proof = mine.prove(await begin(app, mine, 'owner'))
    const [foreign, unknown] = [newExport(backup), newExport(walletPair('backup', random))]
    const sets = [
      await post(app, foreign.challengePath, foreign.asked, 'eve'),
      await post(app, unknown.challengePath, unknown.asked, 'eve'),
      await post(app, mine.challengePath, mine.asked, null),
      await post(app, mine.sharePath, proof, null),
    ]
    for (const answer of sets) {
      const error = { id: 'AUTH_FAILED', message: 'not authorized', retryable: false }
      expect(answer).toEqual({ status: 401, json: { error } })
    }
    const exports = [await post(app, mine.sharePath, proof, 'eve'), await post(app, unknown.sharePath, proof, 'eve')]
    expect(exports.map(idOf)).toEqual(['PROTOCOL_ABORTED', 'PROTOCOL_ABORTED'])
    expect(exports[0]).toEqual(exports[1])
    expect(asked).toBe(1)
    expect((await post(app, mine.sharePath, proof, 'owner')).status).toBe(200)
  })

  test('a challenge is answered once: again the same bytes for the same proof, nothing for another', async () => {
    const app = custodian({ authorizeExport: ALLOWED })
    const one = newExport(await newBackup('once'))
    const challenge = await begin(app, one, 'once')
    expect(await begin(app, one, 'once')).toBe(challenge)
    const proof = one.prove(challenge)
    const first = await post(app, one.sharePath, proof, 'once')
    expect(first.status).toBe(200)
    expect(await post(app, one.sharePath, proof, 'once')).toEqual(first)
    const refused = [
      await post(app, one.sharePath, one.prove(challenge), 'once'),
      await post(app, one.challengePath, one.asked, 'once'),
    ]
    expect(refused.map(idOf)).toEqual(['PROTOCOL_ABORTED', 'PROTOCOL_ABORTED'])
    time += 5 * 60_000
    expect(idOf(await post(app, one.sharePath, proof, 'once'))).toBe('PROTOCOL_ABORTED')
  })

  test('a wrong proof uses the challenge up', async () => {
    const app = custodian({ authorizeExport: ALLOWED })
    const backup = await newBackup('wrong')
    const one = newExport(backup)
    const challenge = await begin(app, one, 'wrong')
    const stranger = { ...one.own, secretShare: one.terms.group.randomScalar(random) }
    expect(idOf(await post(app, one.sharePath, one.prove(challenge, stranger), 'wrong'))).toBe('PROTOCOL_ABORTED')
    expect(idOf(await post(app, one.sharePath, one.prove(challenge), 'wrong'))).toBe('PROTOCOL_ABORTED')
    expect(await exportedAt(backup)).toBeNull()
  })

  test('a proof serves the export that it was made for alone', async () => {
    const app = custodian({ authorizeExport: ALLOWED })
    const backup = await newBackup('bound')
    const [one, other] = [newExport(backup), newExport(backup)]
    const proof = one.prove(await begin(app, one, 'bound'))
    await begin(app, other, 'bound')
    expect(idOf(await post(app, other.sharePath, proof, 'bound'))).toBe('PROTOCOL_ABORTED')
    const changed = { ...one.asked, receiver: toHex(generateKeyPair(random).publicKey) }
    expect(idOf(await post(app, one.challengePath, changed, 'bound'))).toBe('PROTOCOL_ABORTED')
    for (const field of [{ curve: 'ed25519' }, { setId: '5e'.repeat(32) }]) {
      expect(idOf(await post(app, one.challengePath, { ...one.asked, ...field }, 'bound'))).toBe('PROTOCOL_ABORTED')
    }
  })

  test('a challenge lives for five minutes, and leaves no row', async () => {
    const app = custodian({ authorizeExport: ALLOWED })
    const backup = await newBackup('late')
    const one = newExport(backup)
    const challenge = await begin(app, one, 'late')
    time += 5 * 60_000
    expect(idOf(await post(app, one.sharePath, one.prove(challenge), 'late'))).toBe('PROTOCOL_ABORTED')
    await begin(app, newExport(backup), 'late')
    const rows = await database.query('select 1 from reshare_custodian_exports where expires_at <= $1', [
      new Date(time),
    ])
    expect(rows).toEqual([])
  })

  test('a half that is removed meanwhile is not handed out', async () => {
    const app = custodian({ authorizeExport: ALLOWED })
    const backup = await newBackup('removed')
    const one = newExport(backup)
    const challenge = await begin(app, one, 'removed')
    const removal = { clientId: 'client removed', setId: setIdOf(backup) }
    expect((await post(app, '/backup/delete', removal, null)).status).toBe(200)
    const { json } = await post(app, one.sharePath, one.prove(challenge), 'removed')
    expect(json).toMatchObject({ error: { id: 'AUTH_FAILED' } })
  })

  test('nor one that is removed while it is being sealed', async () => {
    const backup = await newBackup('race')
    let releasing = false
    const racing: Database = {
      ...database,
      async transaction(work, isolation) {
        if (releasing) {
          await database.query('delete from reshare_custodian_shares where set_id = $1', [setIdOf(backup)])
        }
        return database.transaction(work, isolation)
      },
    }
    const app = custodian({ authorizeExport: ALLOWED, database: racing })
    const one = newExport(backup)
    const challenge = await begin(app, one, 'race')
    releasing = true
    expect(idOf(await post(app, one.sharePath, one.prove(challenge), 'race'))).toBe('AUTH_FAILED')
  })

  test('what else lies under the set’s name is passed over', async () => {
    const app = custodian({ authorizeExport: ALLOWED })
    const pair = walletPair('backup', random)
    const others = [walletPair('backup', random).other, pair.client, walletPair('signing', random).other]
    await store('junk', setIdOf(pair), random(99))
    for (const shares of others) await store('junk', setIdOf(pair), encodeWalletShares(getGroup, shares))
    const early = newExport(pair)
    const unmatched = await post(app, early.sharePath, early.prove(await begin(app, early, 'junk')), 'junk')
    expect(idOf(unmatched)).toBe('SHARE_PARSING_FAILED')
    await store('junk', setIdOf(pair), encodeWalletShares(getGroup, pair.other))
    const one = newExport(pair)
    const { json } = await post(app, one.sharePath, one.prove(await begin(app, one, 'junk')), 'junk')
    const share = receiveShare(one.terms, one.keyPair, fromHex(json['sealed'] as unknown as string))
    expect(share.value).toEqual(shareOn(pair.other, 'secp256k1').secretShare)
  })

  test('bad input changes nothing', async () => {
    let asked = 0
    const app = custodian({ authorizeExport: () => ++asked > 0 })
    const one = newExport(await newBackup('bad'))
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
      expect([fields, idOf(answer)]).toEqual([fields, 'BAD_REQUEST'])
    }
    for (const raw of ['', '{', 'x'.repeat(26 * 1024)]) {
      for (const path of [one.challengePath, one.sharePath]) {
        expect(idOf(await post(app, path, raw, 'bad'))).toBe('BAD_REQUEST')
      }
    }
    for (const path of [custodianPaths.challenge('ab'), custodianPaths.challenge('AB'.repeat(16))]) {
      expect(idOf(await post(app, path, one.asked, 'bad'))).toBe('BAD_REQUEST')
    }
    expect(asked).toBe(0)
    const challenge = await begin(app, one, 'bad')
    for (const proof of [undefined, '', 'ab', 'xy'.repeat(64), 'ab'.repeat(66)]) {
      expect(idOf(await post(app, one.sharePath, { proof }, 'bad'))).toBe('BAD_REQUEST')
    }
    const longest = { ...newExport(await newBackup('bad')).asked, authorization: '\n'.repeat(4096) }
    expect((await post(app, custodianPaths.challenge(toHex(random(16))), longest, 'bad')).status).toBe(200)
    expect((await post(app, one.sharePath, one.prove(challenge), 'bad')).status).toBe(200)
  })

  test('neither a half nor the authorisation is stored in the clear', async () => {
    const app = custodian({ authorizeExport: ALLOWED })
    const backup = await newBackup('secrets')
    const one = newExport(backup)
    await post(app, one.sharePath, one.prove(await begin(app, one, 'secrets')), 'secrets')
    const rows = [
      ...(await database.query('select * from reshare_custodian_exports')),
      ...(await database.query('select * from reshare_custodian_shares')),
    ]
    const text = JSON.stringify(rows, (_, part: unknown) => (part instanceof Uint8Array ? toHex(part) : part))
    for (const half of [backup.client, backup.other]) {
      for (const { secretShare } of half.shares) expect(text).not.toContain(toHex(secretShare))
    }
    expect(text).not.toContain(AUTHORIZATION)
  })

  describe('exportFromBackup', () => {
    const dead: Transport = { request: () => Promise.reject(new Error('the signing server is gone')) }
    const client = () => createClient({ transport: dead, storage: memoryStore(), random })

    async function stored(user: string, authorizeExport = ALLOWED) {
      const backup = await newBackup(user)
      const method = plainMethod()
      const cipherText = await method.seal(backup.client, { walletId: toHex(backup.client.walletId) })
      const app = custodian({ ...(authorizeExport && { authorizeExport }) })
      const transport = inProcessTransport(app, { headers: () => ({ [USER_HEADER]: user }) })
      const options = { cipherText, method, custodian: transport, authorization: AUTHORIZATION } as const
      return { backup, options, transport }
    }

    test.each(CURVES)('gives the key of %s without the signing server', async (curve) => {
      const { backup, options } = await stored(`client ${curve}`)
      const statuses: string[] = []
      const key = await exportFromBackup(client(), {
        ...options,
        curve,
        walletId: toHex(backup.client.walletId),
        onProgress: ({ status }) => statuses.push(status),
      })
      const group = getGroup(curve)
      const { publicKey } = shareOn(backup.client, curve).record
      expect(key).toEqual({
        format: curve === 'secp256k1' ? 'secp256k1-private-key' : 'ed25519-scalar',
        privateKey: key.privateKey,
        publicKey: group.encodePoint(publicKey),
      })
      expect(group.equalPoints(group.multiplyBase(group.decodeScalar(key.privateKey)), publicKey)).toBe(true)
      expect([...new Set(statuses)]).toEqual(['Decrypting share', 'Parsing share', 'Done'])
    })

    test('says what the custodian or the backup says', async () => {
      const { options } = await stored('refused', () => false)
      const curve = 'secp256k1'
      const refuse = (changed: object) => exportFromBackup(client(), { ...options, curve, ...changed })
      await expect(refuse({})).rejects.toMatchObject({ code: 'POLICY_DENIED' })
      const { transport } = await stored('somebody else')
      await expect(refuse({ custodian: transport })).rejects.toMatchObject({ code: 'AUTH_FAILED' })
      await expect(refuse({ method: plainMethod('other') })).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
      await expect(refuse({ walletId: '00'.repeat(16) })).rejects.toMatchObject({ code: 'BACKUP_OTHER_WALLET' })
      await expect(refuse({ custodian: dead })).rejects.toMatchObject({
        cause: new Error('the signing server is gone'),
      })
      const aborted = { signal: AbortSignal.abort() }
      await expect(refuse(aborted)).rejects.toMatchObject({ code: 'ABORTED' })
    })

    test('notices what is not the custodian’s half', async () => {
      const { options, transport } = await stored('lies')
      const lie = (path: RegExp, change: (json: Record<string, string>) => unknown): Transport => ({
        async request(request) {
          const answer = await transport.request(request)
          if (!path.test(request.path)) return answer
          const json = JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, string>
          return { status: 200, body: utf8(JSON.stringify(change(json))) }
        },
      })
      const flipped = (hex: string) => (hex.startsWith('0') ? '1' : '0') + hex.slice(1)
      const run = (liar: Transport) =>
        exportFromBackup(client(), { ...options, curve: 'ed25519', custodian: liar }).then(
          () => 'a key',
          (error: { code: string }) => error.code,
        )
      expect(await run(lie(/share$/, ({ sealed }) => ({ sealed: flipped(sealed!) })))).toBe('PROTOCOL_ABORTED')
      expect(await run(lie(/share$/, ({ sealed }) => ({ sealed: sealed!.slice(2) })))).toBe('PROTOCOL_ABORTED')
      expect(await run(lie(/share$/, () => ({})))).toBe('NETWORK_ERROR')
      expect(await run(lie(/share$/, () => ({ sealed: 'XY' })))).toBe('NETWORK_ERROR')
      expect(await run(lie(/challenge$/, () => ({ challenge: 'ab' })))).toBe('PROTOCOL_ABORTED')
      expect(await run(lie(/challenge$/, ({ challenge }) => ({ challenge: flipped(challenge!) })))).toBe(
        'PROTOCOL_ABORTED',
      )
      expect(await run(transport)).toBe('a key')
    })

    test.each([
      ['an empty cipherText', { cipherText: '' }, RangeError],
      ['no method', { method: {} }, TypeError],
      ['no transport', { custodian: {} }, TypeError],
      ['an unknown curve', { curve: 'p256' }, TypeError],
      ['no authorisation', { authorization: undefined }, TypeError],
      ['an empty authorisation', { authorization: '' }, RangeError],
      ['a long authorisation', { authorization: 'x'.repeat(4097) }, RangeError],
      ['a broken authorisation', { authorization: 'yes\ud83d' }, RangeError],
      ['a short wallet id', { walletId: 'ab' }, RangeError],
      ['a callback that is none', { onProgress: 1 }, TypeError],
    ])('refuses %s', async (_, wrong, kind) => {
      const good = {
        cipherText: 'text',
        method: plainMethod(),
        custodian: dead,
        curve: 'ed25519',
        authorization: 'yes',
      }
      await expect(exportFromBackup(client(), { ...good, ...wrong } as never)).rejects.toThrow(kind)
    })
  })

  test('browsers may call from the app’s own pages', async () => {
    const preflight = new Request(`https://app.test${custodianPaths.share('ab'.repeat(16))}`, {
      method: 'OPTIONS',
      headers: { origin: 'https://app.test', 'access-control-request-method': 'POST' },
    })
    const { headers } = await custodian({ allowedOrigins: ['https://app.test'] }).fetch(preflight)
    expect(headers.get('access-control-allow-origin')).toBe('https://app.test')
    expect(headers.get('access-control-allow-methods')).toContain('POST')
  })

  test('a hook that is no function is refused', () => {
    expect(() => custodian({ authorizeExport: true as never })).toThrow(TypeError)
  })

  test('nothing of all this was an unexpected failure', () => {
    expect(errors).toEqual([])
  })
})
