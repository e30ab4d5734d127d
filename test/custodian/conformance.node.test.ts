import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { custodianConformance } from '../../src/custodian/conformance.ts'
import { createCustodian, webhookCustodian } from '../../src/custodian/index.ts'
import type { Custodian, CustodianBackup } from '../../src/custodian/types.ts'
import type { Database } from '../../src/service/database/types.ts'
import { fromBase64, toBase64, utf8 } from '../../src/util/bytes.ts'
import { chosenDatabases } from '../e2e/support/databases.ts'

const SECRET = 'webhook-secret-of-the-tests'

describe.each(chosenDatabases('custodian/conformance'))('the ready custodian on $name, behind webhooks', ({ open }) => {
  let database: Database
  let custodian: Custodian
  beforeAll(async () => {
    database = await open()
    const app = createCustodian({
      database,
      masterKey: utf8('the custodian key of these tests'),
      webhookSecret: SECRET,
      authenticateUser: () => undefined,
    })
    const fetch: typeof globalThis.fetch = (input, init) => app.fetch(new Request(input, init))
    custodian = webhookCustodian({ url: 'https://app.test', secret: SECRET, fetch })
  })
  afterAll(() => database.close())

  for (const { name, run } of custodianConformance(() => custodian)) test(name, run)
})

/** A backend as docs/backup.md shows one, with a table that has one row for each name. */
function backend(nameOf: (body: Record<string, string>) => string, nameSets: boolean): Custodian {
  const table = new Map<string, Record<string, string>>()
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const body = (await request.json()) as Record<string, string>
    const { pathname } = new URL(request.url)
    if (pathname === '/backup') {
      table.set(nameOf(body), body)
      return new Response(null, { status: 201 })
    }
    const rows = [...table.values()].filter(({ clientId }) => clientId === body['clientId'])
    if (pathname === '/backup/fetch') return Response.json({ backupShares: rows.map(({ share }) => share) })
    for (const row of rows) if (row['setId'] === body['setId']) table.delete(nameOf(row))
    return new Response(null, { status: 204 })
  }
  return webhookCustodian({ url: 'https://app.test', secret: SECRET, nameSets, fetch })
}

const byName = ({ clientId, backupMethod }: Record<string, string>) => JSON.stringify([clientId, backupMethod])
const bySet = ({ clientId, setId }: Record<string, string>) => JSON.stringify([clientId, setId])

/** The checks that a custodian does not pass. */
async function broken(makeCustodian: () => Custodian): Promise<string[]> {
  const found: string[] = []
  for (const { name, run } of custodianConformance(makeCustodian)) await run().catch(() => found.push(name))
  return found
}

test('a backend with one row a client and set passes, and one with a row a name whose names carry the set', async () => {
  for (const custodian of [backend(bySet, false), backend(byName, true)]) {
    // It gives a client all that it has of the client: no name of another is among that.
    expect(await broken(() => custodian)).toEqual([])
  }
})

test('a backend with one row a client and method is found', async () => {
  const custodian = backend(byName, false)
  expect(await broken(() => custodian)).toEqual([
    'keeps a share in addition to earlier ones of the same client and method',
    'keeps all of several shares that are stored at once',
    'accepts the same share again, also at once',
  ])
})

describe('a custodian is found that', () => {
  type Kept = Pick<CustodianBackup, 'clientId' | 'setId'> & { share: Uint8Array }
  const memory = (changes: (kept: Kept[]) => Partial<Custodian> = () => ({})): Custodian => {
    const kept: Kept[] = []
    return {
      store: async ({ clientId, setId, share }) => void kept.push({ clientId, setId, share: share.slice() }),
      fetch: async (clientId, setId) =>
        kept.filter((half) => half.clientId === clientId && half.setId === setId).map(({ share }) => share.slice()),
      delete: async (clientId, setId) => {
        const left = kept.filter((half) => half.clientId !== clientId || half.setId !== setId)
        kept.splice(0, kept.length, ...left)
      },
      ...changes(kept),
    }
  }
  const folded = (id: string) => id.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()

  test('(but not one that does it right, or never deletes)', async () => {
    const right = memory()
    expect(await broken(() => right)).toEqual([])
    const { delete: _, ...keeps } = memory()
    expect(await broken(() => keeps)).toEqual([])
  })

  test.each<[string, (kept: Kept[]) => Partial<Custodian>, string]>([
    ['forgets', () => ({ store: async () => undefined }), 'returns what was stored'],
    ['answers with no list', () => ({ fetch: async () => undefined as never }), 'has nothing at first'],
    [
      'gives its own bytes away',
      (kept) => ({
        fetch: async (clientId, setId) =>
          kept.filter((half) => half.clientId === clientId && half.setId === setId).map(({ share }) => share),
      }),
      'copies shares',
    ],
    [
      'keeps the bytes of others',
      (kept) => ({ store: async ({ clientId, setId, share }) => void kept.push({ clientId, setId, share }) }),
      'copies shares',
    ],
    [
      'folds case and accents',
      (kept) => ({
        fetch: async (clientId, setId) =>
          kept
            .filter((half) => folded(half.clientId) === folded(clientId) && half.setId === setId)
            .map(({ share }) => share.slice()),
      }),
      'keeps clients apart',
    ],
    [
      'cuts what is long',
      (kept) => ({
        store: async ({ clientId, setId, share }) => {
          const text = toBase64(share).slice(0, 1024)
          kept.push({ clientId, setId, share: fromBase64(text) })
        },
      }),
      'keeps the bytes',
    ],
    [
      'deletes more than one set',
      (kept) => ({
        delete: async (clientId) => {
          const left = kept.filter((half) => half.clientId !== clientId)
          kept.splice(0, kept.length, ...left)
        },
      }),
      'deletes the shares of one set',
    ],
    [
      'refuses what it has',
      (kept) => ({
        store: async ({ clientId, setId, share }) => {
          if (kept.some((half) => half.setId === setId && half.clientId === clientId)) throw new Error('it is there')
          kept.push({ clientId, setId, share: share.slice() })
        },
      }),
      'accepts the same share again',
    ],
  ])('%s', async (_, changes, name) => {
    const custodian = memory(changes)
    expect((await broken(() => custodian)).some((found) => found.startsWith(name))).toBe(true)
  })
})
