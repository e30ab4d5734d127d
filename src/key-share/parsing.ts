import { MpcError } from '../errors.ts'
import { isCodecError } from '../util/codec.ts'

/**
 * Runs a decoder of this layer and gives what it refuses the layer's code.
 *
 * @throws {SHARE_PARSING_FAILED} where `decode` throws a CodecError
 */
export function parsing<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (!isCodecError(cause)) throw cause
    throw new MpcError('SHARE_PARSING_FAILED', `not a valid ${what}: ${cause.message}`, { cause })
  }
}
