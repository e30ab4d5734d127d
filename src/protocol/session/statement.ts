import { equalBytes } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import type { Machine } from './machine.ts'

type Stated = Pick<Machine<unknown>, 'context' | 'self'>

/** `CTX[32] | self u8`: what the session of an exported state is about, and whose it is. */
export function writeStatement(writer: Writer, { context, self }: Stated): void {
  writer.bytes(context).u8(self)
}

/**
 * Reads what {@link writeStatement} wrote.
 *
 * @throws {CodecError} if the state is that of another session than the one that is to go on
 */
export function requireStatement(reader: Reader, { context, self }: Stated): void {
  const isSame = equalBytes(reader.bytes(32), context) && reader.u8() === self
  if (!isSame) throw new CodecError('session state of another statement or participant')
}

/** The machine once `read` has given it what a state holds; where that fails, nothing of it is left. */
export function orWipe<M extends Pick<Machine<unknown>, 'wipe'>>(machine: M, read: () => void): M {
  try {
    read()
    return machine
  } catch (error) {
    machine.wipe()
    throw error
  }
}
