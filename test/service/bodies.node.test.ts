import { describe, expect, test } from 'vitest'
import { BadRequest, readAll, readBody, readJson } from '../../src/service/http.ts'
import { utf8 } from '../../src/util/bytes.ts'

// Servers read requests, browsers do not: Firefox has no `Request.body` at all.
describe('bodies', () => {
  const post = (body: BodyInit | null) => new Request('http://server.test', { method: 'POST', body })

  test('are read whole up to the limit', async () => {
    expect(await readBody(post('12345'), 5)).toEqual(utf8('12345'))
    expect(await readBody(post(null), 5)).toEqual(new Uint8Array())
    await expect(readBody(post('123456'), 5)).rejects.toThrow(BadRequest)
  })

  test('stop being read beyond it', async () => {
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => {
        cancelled = true
      },
    })
    expect(await readAll(body, 25)).toBeUndefined()
    expect(cancelled).toBe(true)
  })

  test('that announce that they are too long are not read', async () => {
    let pulled = 0
    let cancelled = false
    const source = { pull: () => void pulled++, cancel: () => void (cancelled = true) }
    const body = new ReadableStream<Uint8Array>(source, { highWaterMark: 0 })
    const headers = { 'content-length': '26' }
    const request = new Request('http://server.test', { method: 'POST', body, headers, duplex: 'half' } as RequestInit)
    await expect(readBody(request, 25)).rejects.toThrow(BadRequest)
    expect([pulled, cancelled]).toEqual([0, true])
  })

  test('are read until a signal ends it', async () => {
    const controller = new AbortController()
    let cancelled = false
    const source = { cancel: () => void (cancelled = true) }
    const reading = readAll(new ReadableStream<Uint8Array>(source), 25, controller.signal)
    controller.abort()
    expect(await reading).toEqual(new Uint8Array())
    expect(cancelled).toBe(true)
  })

  test('are JSON where JSON is expected', async () => {
    const json = (body: BodyInit, type = 'application/json') => {
      return new Request('https://reshare.example', { method: 'POST', body, headers: { 'content-type': type } })
    }
    expect(await readJson(json('{"a":1}'), 9)).toEqual({ a: 1 })
    for (const text of ['', '{', 'ä'.repeat(9)]) await expect(readJson(json(text), 9)).rejects.toThrow(BadRequest)
    await expect(readJson(json(Uint8Array.of(0xff)), 9)).rejects.toThrow(BadRequest)
    await expect(readJson(json('{"a":1}', 'text/plain'), 9)).rejects.toThrow('the content type')
  })
})
