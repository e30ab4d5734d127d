import { MpcError } from '../errors.ts'
import { CodecError } from '../util/codec.ts'

/**
 * Runs a decoder of this layer and gives what it refuses the layer's code.
 *
 * @throws {SHARE_PARSING_FAILED} where `decode` throws a CodecError
 */
export function parsing<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause
    throw new MpcError('SHARE_PARSING_FAILED', `not a valid ${what}: ${cause.message}`, { cause })
  }
}
