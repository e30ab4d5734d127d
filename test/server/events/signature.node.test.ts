import { Webhook } from 'standardwebhooks'
import { describe, expect, test } from 'vitest'
import { readWebhookSecrets, webhookHeaders } from '../../../src/server/events/signature.ts'
import { toBase64 } from '../../../src/util/bytes.ts'
import { seededRandom } from '../../support/random.ts'

const random = seededRandom()
const newSecret = (length = 32) => `whsec_${toBase64(random(length))}`
const message = (body: string) => ({ id: 'evt_1', seconds: Math.floor(Date.now() / 1000), body })

describe('the library of Standard Webhooks', () => {
  test('accepts what is signed, by the same bytes as its own signature', () => {
    for (const length of [24, 32, 64]) {
      const secret = newSecret(length)
      for (const body of ['{}', '{"text":"héllo 𝔘"}', JSON.stringify({ long: 'x'.repeat(10_000) })]) {
        const headers = webhookHeaders(readWebhookSecrets(secret), message(body))
        expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body))
        const at = new Date(Number(headers['webhook-timestamp']) * 1000)
        expect(headers['webhook-signature']).toBe(new Webhook(secret).sign('evt_1', at, body))
      }
    }
  })

  test('accepts it by any one of several secrets, and by no other', () => {
    const secrets = [newSecret(), newSecret()]
    const headers = webhookHeaders(readWebhookSecrets(secrets), message('{}'))
    for (const secret of secrets) expect(new Webhook(secret).verify('{}', headers)).toEqual({})
    expect(() => new Webhook(newSecret()).verify('{}', headers)).toThrow('No matching signature')
  })

  test('refuses another id, time or body', () => {
    const secret = newSecret()
    const headers = webhookHeaders(readWebhookSecrets(secret), message('{"a":1}'))
    const webhook = new Webhook(secret)
    const seconds = Number(headers['webhook-timestamp'])
    expect(() => webhook.verify('{"a":2}', headers)).toThrow('No matching signature')
    expect(() => webhook.verify('{"a":1}', { ...headers, 'webhook-id': 'evt_2' })).toThrow('No matching signature')
    expect(() => webhook.verify('{"a":1}', { ...headers, 'webhook-timestamp': String(seconds - 1) })).toThrow(
      'No matching signature',
    )
    const old = webhookHeaders(readWebhookSecrets(secret), { ...message('{}'), seconds: seconds - 301 })
    expect(() => webhook.verify('{}', old)).toThrow('too old')
  })
})

test.each([
  [undefined],
  [[]],
  [''],
  ['whsec_'],
  [toBase64(new Uint8Array(32))],
  [newSecret(23)],
  [newSecret(65)],
  [`${newSecret()} `],
  ['whsec_*'],
  [[newSecret(), 'whsec_*']],
])('refuses the secret %j, without a word of it', (secret) => {
  expect(() => readWebhookSecrets(secret)).toThrow(/^a secret for events must be whsec_ and 24 to 64 bytes/)
})
