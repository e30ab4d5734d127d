import { MpcError } from '../errors.ts'

/** The versions of a format that this version of the package reads, and the one that it writes. */
export interface FormatVersions {
  /** What the format is called in errors. */
  readonly format: string
  readonly oldest: number
  readonly newest: number
  /**
   * What a client begins to write only after the release whose servers read it: during an upgrade, its requests reach
   * servers of both. Each message begins with its version, and a server responds in the version of the request.
   */
  readonly written: number
}

/** `wire/round-body.ts` */
export const ROUND_BODY_VERSIONS: FormatVersions = { format: 'round bodies', oldest: 1, newest: 1, written: 1 }

/** `channel/seal.ts`: sealed requests and responses. */
export const SEALED_VERSIONS: FormatVersions = { format: 'sealed requests', oldest: 1, newest: 1, written: 1 }

export function isRead(version: number, { oldest, newest }: FormatVersions): boolean {
  return version >= oldest && version <= newest
}

/**
 * What a server does with a message before it reads anything else of it than its first byte. An empty one passes: that is
 * no version.
 *
 * @throws {PROTOCOL_VERSION_UNSUPPORTED} if it is of a version that is not read; says which of the two sides is older
 */
export function assertVersion(message: Uint8Array, versions: FormatVersions): void {
  const [version] = message
  if (version === undefined || isRead(version, versions)) return
  const { format, oldest, newest } = versions
  const read = oldest === newest ? `version ${oldest}` : `versions ${oldest} to ${newest}`
  const older = version > newest ? 'this server is older' : 'the client is older'
  throw new MpcError('PROTOCOL_VERSION_UNSUPPORTED', `${format} are read in ${read}, not ${version}: ${older}`)
}
