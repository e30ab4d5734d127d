import { password, type PasswordOptions } from '../backup/index.ts'
import { MpcError, type BackupMethod, type BackupMethodName } from '../index.ts'
import { assertMethods, assertObject } from '../util/arguments.ts'
import { BackupMethods } from './names.ts'

/** What a backup method takes for one call. */
export interface BackupConfigs {
  /** For `PASSWORD`: in place of {@link Portal.setPassword}. */
  readonly passwordStorage?: {
    /** The user's password. */
    readonly password: string
  }
}

/** The methods that seal and open backups, by name. `PASSWORD` is there without being given. */
export type PortalBackupMethods = Partial<Readonly<Record<BackupMethodName, BackupMethod>>>

/** Finds what seals and opens a backup by a method's name. */
export interface MethodFinder {
  /** Replaces the password; undefined forgets it. */
  setPassword(secret: string | undefined): void
  /**
   * @throws {TypeError} if the method is unknown, or the app has not given it
   * @throws {PASSWORD_REQUIRED} if it is `PASSWORD` and there is none
   */
  find(name: BackupMethodName, configs?: BackupConfigs): BackupMethod
}

const NAMES: readonly unknown[] = Object.values(BackupMethods)

/** @throws {TypeError} if a given method is none */
export function createMethodFinder(given: PortalBackupMethods = {}, options: PasswordOptions = {}): MethodFinder {
  for (const method of Object.values(assertObject(given, 'backupMethods'))) {
    if (method !== undefined) assertMethods(method, ['probe', 'seal', 'open'], 'a backup method')
  }
  let stored: string | undefined
  return {
    setPassword(secret) {
      stored = secret
    },
    find(name, configs = {}) {
      if (!NAMES.includes(name)) throw new TypeError('there is no backup method of this name')
      const method = given[name]
      if (method !== undefined) return method
      if (name !== BackupMethods.Password) throw new TypeError(`give the constructor a backupMethods.${name}`)
      const secret = assertObject(configs, 'configs').passwordStorage?.password ?? stored
      if (secret === undefined) throw new MpcError('PASSWORD_REQUIRED', 'call setPassword, or give configs a password')
      return password(secret, options)
    },
  }
}
