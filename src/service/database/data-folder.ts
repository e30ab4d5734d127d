import { makePrivateFolder } from '../../util/node/private-files.ts'

/** The contents of a data folder: the embedded database, its locks, the generated keys; `lost+found` of a volume. */
const OURS = /^(?:data|lock-.*|master-key(?:-[0-9a-f]{16})?|dev-custodian-key(?:-[0-9a-f]{16})?|lost\+found)$/

/**
 * Creates a data folder that only its owner can access (0700). An existing one that others can access is restricted.
 *
 * @returns whether others could access it
 * @throws {Error} if others can access it and it holds anything else, which would be restricted with it
 */
export function makeDataFolder(folder: string): boolean {
  return makePrivateFolder(folder, (name) => OURS.test(name))
}
