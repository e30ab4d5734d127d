import { type AbortReason, ProtocolError } from '../../errors.ts'
import { isCodecError, Reader } from '../../util/codec.ts'

/**
 * Throws the error of a failed check.
 *
 * @param round the round of the message that failed
 * @param blame the participants that caused it; empty if it cannot be told
 */
export function abort(reason: AbortReason, round: number, blame: readonly number[], message: string): never {
  throw new ProtocolError(reason, round, blame, message)
}

/**
 * Reads the whole body of a participant's message.
 *
 * @throws {PROTOCOL_ABORTED} with `reason`, blaming `from`, if `read` throws a CodecError or does not read all bytes
 */
// eslint-disable-next-line max-params -- the reason is nearly always the same
export function readMessage<T>(
  body: Uint8Array,
  round: number,
  from: number,
  read: (reader: Reader) => T,
  reason: AbortReason = 'FORMAT',
): T {
  try {
    const reader = new Reader(body)
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (!isCodecError(error)) throw error
    return abort(reason, round, [from], `participant ${from}: ${error.message}`)
  }
}
