import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { makeDataFolder } from '../service/database/data-folder.ts'
import { abytes, fromHex, toHex } from '../util/bytes.ts'
import { MASTER_KEY_LENGTH, readMasterKeys, type MasterKey, type MasterKeys } from '../util/master-keys.ts'
import { closeFile, readOrMakeFile } from '../util/node/private-files.ts'
import { folder, given, givenList, givenNumber } from './program-env.ts'
import { programLog } from './program-log.ts'

/** The master keys of the environment, or else the one in the data folder, which is made if there is none. */
export function openMasterKeys(): MasterKeys {
  const previous = givenList('RESHARE_PREVIOUS_MASTER_KEYS')
  const current = { id: givenNumber('RESHARE_MASTER_KEY_ID', 1, [1, 255]), key: readMasterKey() }
  const keys = { current, previous: previous.map(parseMasterKey) }
  // Mistakes in them are found before the database is opened.
  readMasterKeys(keys)
  return keys
}

function parseMasterKey(text: string): MasterKey {
  const [id, key, ...rest] = text.split(':')
  if (key === undefined || rest.length > 0) throw new Error('RESHARE_PREVIOUS_MASTER_KEYS must be id:key, id:key, …')
  return { id: Number(id), key: fromHex(key) }
}

function readMasterKey(): Uint8Array {
  const key = given('RESHARE_MASTER_KEY')
  if (key !== undefined) return abytes(fromHex(key), MASTER_KEY_LENGTH, 'masterKey')
  return readOrMakeKey('master-key', 'a master key', 'the wallets cannot sign')
}

/** A key in a file of the data folder, made if it is not there. @param loss what happens without it */
export function readOrMakeKey(name: string, what: string, loss: string): Uint8Array {
  openFolder()
  const { text, made } = readOrMakeFile(folder(), name, () => `${toHex(randomBytes(MASTER_KEY_LENGTH))}\n`)
  const path = join(folder(), name)
  if (made) programLog().notice(`made ${what} in ${path}: keep a copy, ${loss} without it`)
  if (closeFile(path)) {
    programLog().notice(`${path} could be read by others, and cannot any more: if somebody may have, change the key`)
  }
  return abytes(fromHex(text.trim()), MASTER_KEY_LENGTH, path)
}

/** Restricts the data folder to its owner, and warns if it was open to others. */
export function openFolder(): void {
  if (makeDataFolder(folder())) programLog().notice(`${folder()} was open to others, and is not any more`)
}
