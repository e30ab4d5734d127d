import { wipe } from '../../util/bytes.ts'
import { decodeJoinCode } from '../join/code.ts'

/** What a join code says, without its secret. */
export interface JoinCodeContent {
  /** The id of the invitation, 16 bytes in lower-case hex: the same on both devices, so that the user can compare it. */
  readonly invitationId: string
  /** The id of the joining device, 32 bytes in lower-case hex; null if its transport is not sealed. */
  readonly deviceId: string | null
}

/**
 * Reads the code of a joining device, before the user is asked whether it may join. Nothing is sent.
 *
 * @throws {TypeError} if it is not a string
 * @throws {JOIN_CODE_INVALID} if it is not such a code
 *
 * @example
 * const { deviceId } = readJoinCode(scanned)
 */
export function readJoinCode(code: string): JoinCodeContent {
  const { invitationId, deviceId, psk } = decodeJoinCode(code)
  wipe(psk)
  return { invitationId, deviceId }
}
