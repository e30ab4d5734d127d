import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { backupWallet, generateWallet, getWallet, recoverWallet, sign, type Client } from '../../../src/index.ts'
import { fileStore } from '../../../src/storage/file.ts'
import { utf8 } from '../../../src/util/bytes.ts'
import { stage } from '../support/devices.ts'
import { plainMethod } from '../support/plain-method.ts'

const method = plainMethod()
const message = utf8('hello')

let place: string
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'reshare-damaged-'))
})
afterEach(() => rm(place, { recursive: true, force: true }))

const signs = (client: Client, walletId: string) => sign(client, { walletId, scheme: 'ed25519', message })

/** What a disk makes of a file. */
const DAMAGE: Record<string, (bytes: Buffer) => Buffer> = {
  'one flipped bit': (bytes) => {
    const changed = Buffer.from(bytes)
    changed[bytes.length >> 1]! ^= 1
    return changed
  },
  'no bytes left': () => Buffer.alloc(0),
}

test.each(Object.entries(DAMAGE))(
  'a file with %s ends no use of another wallet, and no recovery',
  async (_, change) => {
    const { device } = stage()
    const open = () => device('phone', { storage: fileStore(place) })
    const phone = open()
    const [first, second] = [await generateWallet(phone), await generateWallet(phone)]
    const backups = new Map<string, string>()
    for (const { id: walletId } of [first, second]) {
      const backup = await backupWallet(phone, { walletId, method })
      await backup.confirm()
      backups.set(walletId, backup.cipherText)
    }

    const files = (await readdir(place)).filter((name) => /^k-(wallet|share)_2f/.test(name))
    expect(files).toHaveLength(4)
    for (const file of files) {
      const path = join(place, file)
      const good = await readFile(path)
      await writeFile(path, change(good))
      const client = open()
      const works = await Promise.allSettled([first, second].map(({ id }) => signs(client, id)))
      expect(works.map(({ status }) => status).sort(), file).toEqual(['fulfilled', 'rejected'])
      const [broken] = works.flatMap((result, i) => (result.status === 'rejected' ? [[first, second][i]!.id] : []))
      const failure = await signs(client, broken!).catch((error: unknown) => error)
      expect(failure, file).toMatchObject({ code: 'SHARE_PARSING_FAILED', retryable: false })

      const cipherText = backups.get(broken!)!
      const recovered = await recoverWallet(client, { cipherText, method, existingSets: 'keep' })
      expect(recovered.id).toBe(broken)
      await signs(client, recovered.id)
      for (const { id } of [first, second]) expect((await getWallet(open(), { walletId: id })).id).toBe(id)
    }
  },
)
