import { expect, test } from 'vitest'
import { DETAILS_MAX_LENGTH, detailsOf } from '../../../src/server/approvals/details.ts'
import type { PolicyRequest } from '../../../src/server/access/policy.ts'

const request = { clientId: 'ann', action: 'signAll', walletId: 'ab'.repeat(16) } as const
const intent = (text: string) => ({ kind: 'ethereumMessage', verified: true, data: '0x', text }) as never
const lengthOf = (value: unknown) => JSON.stringify(value).length

test('items are shown whole if they are short', () => {
  const items = [{ scheme: 'ecdsa', path: 'm', intent: intent('a'), message: Uint8Array.of(1) }] as const
  expect(detailsOf({ ...request, items })).toEqual({
    items: [
      {
        scheme: 'ecdsa',
        path: 'm',
        message: '01',
        intent: { kind: 'ethereumMessage', verified: true, data: '0x', text: 'a' },
      },
    ],
  })
})

test.each([
  ['one intent', 1, 100_000],
  ['the same intent 64 times', 64, 1000],
])('of items with %s that are too long, the kinds are left', (_, count, length) => {
  const long = intent('x'.repeat(length))
  const items = Array.from({ length: count }, () => ({ scheme: 'ecdsa', path: 'm', intent: long }))
  const details = detailsOf({ ...request, items, label: 'y'.repeat(50_000) } as unknown as PolicyRequest)
  expect(lengthOf(details)).toBeLessThan(DETAILS_MAX_LENGTH)
  expect(details).toMatchObject({ shortened: true, label: 'y'.repeat(1024) })
  expect(details['items']).toEqual(items.map(() => ({ scheme: 'ecdsa', intent: { kind: 'ethereumMessage' } })))
})

test('any other field that is too long is left out', () => {
  const importedKeys = { secp256k1: 'x'.repeat(20_000), ed25519: null }
  expect(detailsOf({ ...request, importedKeys })).toEqual({
    importedKeys: null,
    shortened: true,
  })
})
