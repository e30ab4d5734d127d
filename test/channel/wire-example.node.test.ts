import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { encodeResponse, encodeRequest } from '../../src/channel/messages.ts'
import { openRequest, sealRequest } from '../../src/channel/seal.ts'
import { generateKeyPair } from '../../src/hpke/x25519.ts'
import { toHex, utf8 } from '../../src/util/bytes.ts'
import { fixedRandom } from '../support/fixed-random.ts'

const document = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8')

function shown(name: string): string {
  const [, text] = new RegExp(`^\`\`\`hex ${name}\n([^\`]*)^\`\`\`$`, 'm').exec(document) ?? []
  return (text ?? '').replace(/#.*$/gm, '').replace(/\s/g, '')
}

/** What `# zeros` stands for in the document. */
const withoutZeros = (bytes: Uint8Array) => toHex(bytes).replace(/(?:00)+$/, '')

test('docs/wire.md shows a sealed request and its response', async () => {
  const random = fixedRandom('channel')
  const [server, device] = [generateKeyPair(random), generateKeyPair(random)]
  const request = encodeRequest({
    method: 'POST',
    time: Date.UTC(2026, 0, 1),
    path: `/v1/sets/${'a1'.repeat(32)}/retire`,
    authorization: 'Bearer token',
    contentType: '',
    body: new Uint8Array(),
  })
  const sealed = await sealRequest(server.publicKey, device, request, random)
  const response = encodeResponse({ status: 200, time: Date.UTC(2026, 0, 1, 0, 0, 1), body: utf8('{}') })
  const opened = await openRequest([server], sealed.message, random)
  const message = opened.sealResponse(response)
  expect({
    'sealed-server-key': shown('sealed-server-key'),
    'sealed-server-secret': shown('sealed-server-secret'),
    'sealed-device-secret': shown('sealed-device-secret'),
    'sealed-request-plaintext': shown('sealed-request-plaintext'),
    'sealed-request': shown('sealed-request'),
    'sealed-response-plaintext': shown('sealed-response-plaintext'),
    'sealed-response': shown('sealed-response'),
  }).toEqual({
    'sealed-server-key': toHex(server.publicKey),
    'sealed-server-secret': toHex(server.secretKey),
    'sealed-device-secret': toHex(device.secretKey),
    'sealed-request-plaintext': withoutZeros(request),
    'sealed-request': toHex(sealed.message),
    'sealed-response-plaintext': withoutZeros(response),
    'sealed-response': toHex(message),
  })
  expect(sealed.openResponse(message)).toEqual(response)
})
