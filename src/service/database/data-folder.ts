import { makePrivateFolder } from '../../util/node/private-files.ts'

/** What a data folder holds: the embedded database, who has it open, the keys that the program has made; a volume's own. */
const OURS = /^(?:data|lock-.*|master-key(?:-[0-9a-f]{16})?|dev-custodian-key(?:-[0-9a-f]{16})?|lost\+found)$/

/**
 * Makes a data folder for its owner alone (0700). One that was open to others is closed.
 *
 * @returns whether it was open
 * @throws {Error} if it is open and holds something else, which would be closed with it
 */
export function makeDataFolder(folder: string): boolean {
  return makePrivateFolder(folder, (name) => OURS.test(name))
}
