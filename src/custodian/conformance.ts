import { BACKUP_METHODS, type BackupMethodName } from '../types.ts'
import { equalBytes, toHex } from '../util/bytes.ts'
import { check, type ConformanceCheck } from '../util/conformance.ts'
import { platformRandom } from '../util/platform-random.ts'
import type { Custodian } from './types.ts'

export type { ConformanceCheck } from '../util/conformance.ts'
export type { Custodian, CustodianBackup } from './types.ts'

/** Returns a handle on the custodian, every time on the same storage. */
export type MakeCustodian = () => Custodian | Promise<Custodian>

type Open = () => Promise<Custodian>

/** A custodian share of a backup set of its own. */
interface TestBackup {
  readonly clientId: string
  readonly setId: string
  readonly share: Uint8Array
}

/** Each names a different client, however a database treats case, accents or patterns. */
const ODD_NAMES = [
  'case',
  'CASE',
  'caf\u00e9',
  'cafe',
  'a_b',
  'a%b',
  'a/b',
  '../b',
  "o'b",
  'ключ 🔑',
  '__proto__',
  '0',
  '00',
]

const CHECKS: readonly (readonly [name: string, run: (open: Open, clientId: string) => Promise<void>])[] = [
  [
    'has nothing at first',
    async (open, clientId) => {
      const shares = await (await open()).fetch(clientId, newSetId())
      check(Array.isArray(shares) && shares.length === 0, 'fetch returned something for a client without shares')
    },
  ],
  [
    'returns what was stored, also through another handle',
    async (open, clientId) => {
      const backup = newBackup(clientId)
      await store(await open(), backup)
      for (const custodian of [await open(), await open()]) await assertStored(custodian, backup, 'the share is gone')
    },
  ],
  [
    'keeps a share in addition to earlier ones of the same client and method',
    async (open, clientId) => {
      const custodian = await open()
      const backups = [newBackup(clientId), newBackup(clientId), newBackup(clientId)]
      for (const backup of backups) await store(custodian, backup)
      for (const backup of backups)
        await assertStored(await open(), backup, 'a later backup has replaced an earlier one')
    },
  ],
  [
    'keeps shares of every method',
    async (open, clientId) => {
      const custodian = await open()
      const backups = BACKUP_METHODS.map(() => newBackup(clientId))
      for (const [i, backup] of backups.entries()) await store(custodian, backup, BACKUP_METHODS[i])
      for (const backup of backups) await assertStored(custodian, backup, 'a share of another method is gone')
    },
  ],
  [
    'keeps all of several shares that are stored at once',
    async (open, clientId) => {
      const backups = Array.from({ length: 6 }, () => newBackup(clientId))
      await Promise.all(backups.map(async (backup) => store(await open(), backup)))
      for (const backup of backups)
        await assertStored(await open(), backup, 'one of several that were stored at once is gone')
    },
  ],
  [
    'accepts the same share again, also at once',
    async (open, clientId) => {
      const [backup, other] = [newBackup(clientId), newBackup(clientId)]
      await store(await open(), other)
      for (let i = 0; i < 2; i++) await store(await open(), backup)
      await Promise.all([store(await open(), backup), store(await open(), backup)])
      for (const each of [backup, other])
        await assertStored(await open(), each, 'a share that was stored again is gone')
    },
  ],
  [
    'copies shares, both when it stores and when it returns them',
    async (open, clientId) => {
      const custodian = await open()
      const backup = newBackup(clientId)
      const given = backup.share.slice()
      await custodian.store({ ...backup, share: given, backupMethod: 'PASSWORD' })
      // The server wipes both.
      given.fill(0)
      for (const share of await custodian.fetch(clientId, backup.setId)) share.fill(0)
      await assertStored(custodian, backup, 'the stored share was wiped with a copy of it')
    },
  ],
  [
    'keeps clients apart, whatever their ids are',
    async (open, clientId) => {
      const custodian = await open()
      const setId = newSetId()
      const backups = ODD_NAMES.map((name) => ({ ...newBackup(`${clientId} ${name}`), setId }))
      for (const backup of backups) await store(custodian, backup)
      for (const backup of backups) {
        await assertStored(custodian, backup, `the share of ${JSON.stringify(backup.clientId)} is gone`)
        const kept = await custodian.fetch(backup.clientId, setId)
        check(kept.length === 1, `${JSON.stringify(backup.clientId)} gets the shares of others`)
      }
    },
  ],
  [
    'keeps the bytes of a share exactly, short or long',
    async (open, clientId) => {
      const custodian = await open()
      for (const length of [3, 4, 5, 700, 4096]) {
        const backup = { ...newBackup(clientId), share: new Uint8Array(length).map((_, i) => 255 - i) }
        await store(custodian, backup)
        await assertStored(custodian, backup, `a share of ${length} bytes has changed`)
      }
    },
  ],
  [
    'deletes the shares of one set of one client, if it deletes any, and accepts repeated deletions',
    async (open, clientId) => {
      const custodian = await open()
      if (custodian.delete === undefined) return
      await custodian.delete(clientId, newSetId())
      const [gone, kept] = [newBackup(clientId), newBackup(clientId)]
      const foreign = { ...newBackup(`${clientId} other`), setId: gone.setId }
      for (const backup of [gone, kept, foreign]) await store(custodian, backup)
      for (let i = 0; i < 2; i++) await custodian.delete(clientId, gone.setId)
      for (const backup of [kept, foreign])
        await assertStored(await open(), backup, 'a share of another set or client was deleted')
    },
  ],
]

/**
 * The contract of {@link Custodian} as checks for any test runner. A backend behind webhooks is checked through
 * `webhookCustodian`, as the server reaches it.
 *
 * @param makeCustodian returns a handle on the custodian; each check uses its own clients, and leaves their shares stored
 * @example
 * const backend = () => webhookCustodian({ url: 'http://localhost:3000', secret })
 * for (const { name, run } of custodianConformance(backend)) test(name, run)
 */
export function custodianConformance(makeCustodian: MakeCustodian): ConformanceCheck[] {
  return CHECKS.map(([name, run]) => ({
    name,
    run: () => run(async () => makeCustodian(), `conformance-${crypto.randomUUID()}`),
  }))
}

function newSetId(): string {
  return toHex(platformRandom(32))
}

function newBackup(clientId: string): TestBackup {
  return { clientId, setId: newSetId(), share: platformRandom(700) }
}

async function store(
  custodian: Custodian,
  backup: TestBackup,
  backupMethod: BackupMethodName = 'PASSWORD',
): Promise<void> {
  await custodian.store({ ...backup, share: backup.share.slice(), backupMethod })
}

/** More shares than requested are allowed. */
async function assertStored(
  custodian: Custodian,
  { clientId, setId, share }: TestBackup,
  message: string,
): Promise<void> {
  const kept = await custodian.fetch(clientId, setId)
  check(Array.isArray(kept), 'fetch returned no list')
  check(
    kept.some((candidate: Uint8Array) => equalBytes(candidate, share)),
    message,
  )
}
