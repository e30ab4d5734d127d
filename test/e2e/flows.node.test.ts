import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { password } from '../../src/backup/index.ts'
import {
  backupWallet,
  createClient,
  generateWallet,
  listSets,
  listWallets,
  recoverWallet,
  refreshShares,
  retireSet,
  sign,
  type Client,
  type ClientOptions,
  type ShareStore,
} from '../../src/index.ts'
import type { Database } from '../../src/service/database/types.ts'
import { fileStore } from '../../src/storage/file.ts'
import { memoryStore } from '../../src/storage/index.ts'
import { utf8 } from '../../src/util/bytes.ts'
import { code } from '../support/code.ts'
import { recoveryStory, signsForBothKeys } from '../support/e2e.ts'
import { databaseKinds, isChosen } from './support/databases.ts'
import { deploy, type Deployment } from './support/deployment.ts'

const method = password('correct horse', { insecureTestCost: { memoryKiB: 8, passes: 1 } })
const message = utf8('hello')

describe.each(databaseKinds)('client, server and custodian on $name', ({ name, open }) => {
  let database: Database
  let deployment: Deployment
  let folder: string
  let clients = 0

  beforeAll(async () => {
    database = await open()
    deployment = await deploy(database)
    folder = await mkdtemp(join(tmpdir(), 'reshare-e2e-'))
  })
  afterAll(async () => {
    await deployment.close()
    await database.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** A user of their own, and what makes their devices. */
  async function user() {
    const transport = await deployment.transportFor(`client-${++clients}`)
    const device = (label: string, storage: ShareStore = memoryStore(), options: Partial<ClientOptions> = {}) =>
      createClient({ transport, storage, label, ...options })
    return { transport, device }
  }

  /** A user with a wallet on a phone, backed up. */
  async function walletOwner() {
    const { transport, device } = await user()
    const phone = device('phone')
    const wallet = await generateWallet(phone)
    const backup = await backupWallet(phone, { walletId: wallet.id, method })
    await backup.confirm()
    return { transport, device, phone, wallet, walletId: wallet.id, cipherText: backup.cipherText }
  }

  test('the whole story, over HTTP, on files', async () => {
    const { transport } = await user()
    const createStore = (label: string) => fileStore(join(folder, label))
    const story = await recoveryStory({ transport, createStore, method })
    expect(story.signatures).toBe(12)
    expect(new Set(Object.values(story.setIds)).size).toBe(3)
  })

  if (!isChosen(name, 'e2e/flows')) return

  test('a rotated backup supersedes the old one when it is confirmed, not before', async () => {
    const { device, wallet, cipherText } = await walletOwner()
    const rotate = { method, existingSets: 'keep', rotateBackup: true } as const
    const { backup } = await recoverWallet(device('laptop'), { cipherText, ...rotate })
    await recoverWallet(device('second'), { cipherText, method, existingSets: 'keep' })
    await recoverWallet(device('third'), { cipherText: backup!.cipherText, method, existingSets: 'keep' })
    await backup!.confirm()
    await backup!.confirm()
    const late = recoverWallet(device('fourth'), { cipherText, method, existingSets: 'keep' })
    await expect(late).rejects.toEqual(code('BACKUP_SUPERSEDED'))
    const fifth = device('fifth')
    await recoverWallet(fifth, { cipherText: backup!.cipherText, method, existingSets: 'retire' })
    await signsForBothKeys(fifth, wallet.id, wallet.publicKeys, message)
  })

  test('a dry run changes nothing anywhere', async () => {
    const { device, phone, wallet, walletId, cipherText } = await walletOwner()
    const before = await listSets(phone, { walletId })
    const laptop = device('laptop')
    const dry = { cipherText, method, existingSets: 'retire', rotateBackup: true, dryRun: true } as const
    const found = await recoverWallet(laptop, dry)
    expect(found).toEqual({ id: walletId, publicKeys: wallet.publicKeys })
    expect(await listSets(phone, { walletId })).toEqual(before)
    expect(await listWallets(laptop)).toEqual([])
    await signsForBothKeys(phone, walletId, wallet.publicKeys, message)
  })

  test('refreshing goes on and on; each set ends with its successor', async () => {
    const { phone, wallet, walletId } = await walletOwner()
    for (let round = 0; round < 3; round++) await refreshShares(phone, { walletId })
    await signsForBothKeys(phone, walletId, wallet.publicKeys, message)
    const signing = (await listSets(phone, { walletId })).filter(({ purpose }) => purpose === 'signing')
    expect(signing.map(({ state }) => state)).toEqual(['DESTROYED', 'DESTROYED', 'DESTROYED', 'ACTIVE'])
    expect(signing.at(-1).thisDevice).toBe(true)
  })

  test('a session is ended from another device, but never the last way back', async () => {
    const { device, phone, wallet, walletId, cipherText } = await walletOwner()
    const laptop = device('laptop')
    await recoverWallet(laptop, { cipherText, method, existingSets: 'keep' })
    await retireSet(laptop, { walletId, setId: wallet.setId })
    await expect(sign(phone, { walletId, scheme: 'ed25519', message })).rejects.toEqual(code('SET_RETIRED'))

    const alone = device('alone')
    const other = await generateWallet(alone)
    const last = retireSet(alone, { walletId: other.id, setId: other.setId })
    await expect(last).rejects.toEqual(code('POLICY_DENIED'))
    await signsForBothKeys(alone, other.id, other.publicKeys, message)
  })

  test('another client gets nothing, and cannot tell what exists', async () => {
    const { walletId, wallet, phone, cipherText } = await walletOwner()
    const stranger = await user()
    const thief = stranger.device('thief', phone.storage)
    const attempts = [
      sign(thief, { walletId, scheme: 'ed25519', message }),
      recoverWallet(stranger.device('x'), { cipherText, method, existingSets: 'retire' }),
      listSets(thief, { walletId }),
      listSets(thief, { walletId: '0'.repeat(32) }),
      retireSet(thief, { walletId, setId: wallet.setId }),
      retireSet(thief, { walletId, setId: '0'.repeat(64) }),
      refreshShares(thief, { walletId }),
    ]
    const refusals = await Promise.all(attempts.map((attempt) => attempt.catch((error: Error) => error)))
    expect(refusals).toEqual(refusals.map(() => code('AUTH_FAILED')))
    expect(new Set(refusals.map((refusal) => (refusal as Error).message)).size).toBe(1)
    await signsForBothKeys(phone, walletId, wallet.publicKeys, message)
  })

  test('without its custodian a backup or a recovery fails and changes nothing', async () => {
    const { device, phone, wallet, walletId, cipherText } = await walletOwner()
    const laptop = device('laptop')
    const [impatient, other] = [phone, laptop].map(({ store }) => device('impatient', store, { repeats: false }))
    deployment.custodianUp = false
    try {
      await expect(backupWallet(impatient!, { walletId, method })).rejects.toMatchObject({ code: 'WEBHOOK_FAILED' })
      const recovery = recoverWallet(other!, { cipherText, method, existingSets: 'retire' })
      await expect(recovery).rejects.toMatchObject({ code: 'WEBHOOK_FAILED', retryable: true })
    } finally {
      deployment.custodianUp = true
    }
    await signsForBothKeys(phone, walletId, wallet.publicKeys, message)
    await recoverWallet(laptop, { cipherText, method, existingSets: 'keep' })
  })

  test('several devices recover at once', async () => {
    const { device, phone, wallet, walletId, cipherText } = await walletOwner()
    const devices = ['a', 'b', 'c'].map((label) => device(label))
    await Promise.all(devices.map((client) => recoverWallet(client, { cipherText, method, existingSets: 'keep' })))
    await Promise.all(
      [phone, ...devices].map((client) => signsForBothKeys(client, walletId, wallet.publicKeys, message)),
    )
  })

  test('tabs on one store sign, refresh and recover at once, and no share is lost', async () => {
    const { transport, phone, wallet, walletId, cipherText } = await walletOwner()
    const [tab, third] = ['second tab', 'third tab'].map((label) =>
      createClient({ transport, storage: phone.storage, label }),
    ) as [Client, Client]
    const outcomes = await Promise.allSettled([
      refreshShares(phone, { walletId }),
      signsForBothKeys(tab, walletId, wallet.publicKeys, message),
      refreshShares(tab, { walletId }),
      recoverWallet(third, { cipherText, method, existingSets: 'retire' }),
    ])
    const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []))
    for (const failure of failures) expect(failure).toHaveProperty('code')
    await signsForBothKeys(phone, walletId, wallet.publicKeys, message)
    await signsForBothKeys(tab, walletId, wallet.publicKeys, message)
    expect((await phone.storage.list('share/')).length).toBe(1)
  })
})
