import { equalBytes } from '../../util/bytes.ts'
import { CodecError, type Reader, type Writer } from '../../util/codec.ts'
import type { Machine } from './machine.ts'

type Stated = Pick<Machine<unknown>, 'context' | 'self'>

/** Writes `CTX[32] | self u8`, which tell the session and the participant of an exported state. */
export function writeStatement(writer: Writer, { context, self }: Stated): void {
  writer.bytes(context).u8(self)
}

/**
 * Reads what {@link writeStatement} wrote.
 *
 * @throws {CodecError} if the state is that of another session or participant
 */
export function requireStatement(reader: Reader, { context, self }: Stated): void {
  const isSame = equalBytes(reader.bytes(32), context) && reader.u8() === self
  if (!isSame) throw new CodecError('session state of another statement or participant')
}

/** Returns the machine after `read` has restored its state. If `read` throws, the machine is wiped. */
export function orWipe<M extends Pick<Machine<unknown>, 'wipe'>>(machine: M, read: () => void): M {
  try {
    read()
    return machine
  } catch (error) {
    machine.wipe()
    throw error
  }
}
