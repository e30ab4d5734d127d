import { describe, expect, test } from 'vitest'
import {
  AUTHORIZATION_MAX_LENGTH,
  BLOCK_LENGTH,
  CONTENT_TYPE_MAX_LENGTH,
  decodeResponse,
  decodeRequest,
  encodeResponse,
  encodeRequest,
  PATH_MAX_LENGTH,
  REQUEST_FIELDS_MAX_LENGTH,
  type InnerRequest,
} from '../../src/channel/messages.ts'
import { CodecError } from '../../src/util/codec.ts'
import { seededRandom } from '../support/random.ts'
import { NOT_TEXTS } from '../support/texts.ts'

const random = seededRandom()
const fromLatin1 = (bytes: Uint8Array) => String.fromCharCode(...bytes)
const request: InnerRequest = {
  method: 'POST',
  time: 1_767_225_600_123,
  path: '/v1/sets/ä?b=c',
  authorization: 'Bearer t',
  contentType: 'application/json',
  body: random(300),
}

describe('messages before they are sealed', () => {
  test.each(['GET', 'POST', 'PUT'] as const)('%s comes back as it was', (method) => {
    const sent = { ...request, method, body: method === 'GET' ? new Uint8Array() : request.body }
    expect(decodeRequest(encodeRequest(sent))).toEqual(sent)
  })

  test.each(['path', 'authorization', 'contentType'] as const)(
    'a %s that no line of text is goes neither in nor out',
    (field) => {
      for (const text of [...NOT_TEXTS, 'a\r\nb: c', 'a\tb']) {
        expect(() => encodeRequest({ ...request, [field]: text })).toThrow(RangeError)
      }
      const marked = encodeRequest({ ...request, [field]: 'a mark of its own' })
      const at = fromLatin1(marked).indexOf('a mark of its own')
      expect(() => decodeRequest(Uint8Array.from(marked, (byte, i) => (i === at ? 1 : byte)))).toThrow(CodecError)
    },
  )

  test('a response comes back as it was', () => {
    for (const status of [200, 204, 404, 599]) {
      const response = { status, time: 2 ** 53 - status, body: random(status) }
      expect(decodeResponse(encodeResponse(response))).toEqual(response)
    }
  })

  test('their lengths are whole blocks', () => {
    const lengths = (encode: (body: Uint8Array) => Uint8Array) =>
      Array.from({ length: 2 * BLOCK_LENGTH }, (_, i) => encode(new Uint8Array(i)).length)
    const responses = lengths((body) => encodeResponse({ status: 200, time: 0, body }))
    const requests = lengths((body) => encodeRequest({ ...request, body }))
    for (const length of [...responses, ...requests]) expect(length % BLOCK_LENGTH).toBe(0)
    expect(new Set(responses).size).toBe(3)
    expect(new Set(requests).size).toBe(3)
  })

  test('the longest that a server reads is the longest there is', () => {
    const longest = {
      method: 'POST',
      time: 2 ** 53 - 1,
      path: `/${'p'.repeat(PATH_MAX_LENGTH - 1)}`,
      authorization: 'a'.repeat(AUTHORIZATION_MAX_LENGTH),
      contentType: 'c'.repeat(CONTENT_TYPE_MAX_LENGTH),
      body: new Uint8Array(1000),
    } as const
    const bytes = encodeRequest(longest)
    expect(decodeRequest(bytes)).toEqual(longest)
    expect(bytes.length).toBeLessThanOrEqual(REQUEST_FIELDS_MAX_LENGTH + 1000)
    for (const field of ['path', 'authorization', 'contentType'] as const) {
      expect(() => encodeRequest({ ...longest, [field]: `${longest[field]}x` })).toThrow(RangeError)
    }
  })

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['an unknown method', (bytes) => bytes.fill(4, 0, 1)],
    ['method 0', (bytes) => bytes.fill(0, 0, 1)],
    ['a GET with a body', (bytes) => bytes.fill(1, 0, 1)],
    ['a path that is not UTF-8', (bytes) => bytes.fill(0xff, 13, 14)],
    ['of a time beyond all numbers', (bytes) => bytes.fill(0xff, 1, 9)],
    ['a last byte that is not zero', (bytes) => bytes.fill(1, -1)],
    ['less than whole blocks', (bytes) => bytes.slice(0, -1)],
    ['a block too many', (bytes) => new Uint8Array([...bytes, ...new Uint8Array(BLOCK_LENGTH)])],
    ['nothing', () => new Uint8Array()],
  ])('no request is %s', (_, change) => {
    expect(() => decodeRequest(change(encodeRequest(request)))).toThrow(CodecError)
  })

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['of status 199', (bytes) => bytes.fill(199, 1, 2)],
    ['of status 600', (bytes) => bytes.fill(2, 0, 1).fill(0x58, 1, 2)],
    ['of a time beyond all numbers', (bytes) => bytes.fill(0xff, 2, 10)],
    ['padded with something', (bytes) => bytes.fill(1, -1)],
    ['a block too many', (bytes) => new Uint8Array([...bytes, ...new Uint8Array(BLOCK_LENGTH)])],
    ['nothing', () => new Uint8Array()],
  ])('no response is %s', (_, change) => {
    expect(() => decodeResponse(change(encodeResponse({ status: 200, time: 0, body: random(9) })))).toThrow(CodecError)
  })
})
