import { expect, test } from 'vitest'
import { ProtocolError } from '../../../src/errors.ts'
import { readMessage } from '../../../src/protocol/session/abort.ts'
import { CodecError } from '../../../src/util/codec.ts'

function errorOf(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

test('a message that is malformed, short or long is its sender’s fault', () => {
  const refuse = (): never => {
    throw new CodecError('no')
  }
  const body = new Uint8Array(2)
  for (const [error, reason] of [
    [errorOf(() => readMessage(body, 3, 5, refuse)), 'FORMAT'],
    [errorOf(() => readMessage(body, 3, 5, (reader) => reader.bytes(3))), 'FORMAT'],
    [errorOf(() => readMessage(body, 3, 5, (reader) => reader.bytes(1))), 'FORMAT'],
    [errorOf(() => readMessage(body, 3, 5, refuse, 'POINT')), 'POINT'],
  ] as const) {
    expect(error).toBeInstanceOf(ProtocolError)
    expect(error).toMatchObject({ reason, round: 3, blame: [5] })
  }
  expect(readMessage(body, 3, 5, (reader) => reader.bytes(2))).toEqual(body)
})

test('an error of the reader itself is nobody’s fault', () => {
  const fault = new RangeError('broken')
  const read = (): never => {
    throw fault
  }
  expect(errorOf(() => readMessage(new Uint8Array(0), 1, 2, read))).toBe(fault)
})
