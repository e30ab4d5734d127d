import { describe, expect, test } from 'vitest'
import { parseDevice, parseDevices, parseSets, parseSetStatus } from '../../../src/client/operations/parse-responses.ts'
import { NOT_LABELS } from '../../support/texts.ts'

const code = expect.objectContaining({ code: 'MALFORMED_RESPONSE', retryable: false }) as Error
const at = '2026-01-01T00:00:00.000Z'
const set = {
  ...{ setId: 'ab'.repeat(32), walletId: 'cd'.repeat(16), purpose: 'signing', state: 'ACTIVE', backupMethod: null },
  ...{ deviceId: null, createdAt: at, lastUsedAt: null, exportedAt: null, scope: null, expiresAt: null, proven: true },
}
const device = {
  ...{ deviceId: 'ef'.repeat(32), createdAt: at, lastUsedAt: at, revokedAt: null, setIds: [] },
}

describe('the limits of a set', () => {
  const limited = (limits: object) => parseSetStatus({ ...set, label: '', ...limits })

  test('are a scope and a time, or none', () => {
    expect(limited({ scope: 'agent-7', expiresAt: at })).toMatchObject({ scope: 'agent-7', expiresAt: at })
    expect(limited({})).toMatchObject({ scope: null, expiresAt: null })
  })

  test.each([
    { scope: undefined },
    { scope: 'Agent' },
    { expiresAt: undefined },
    { expiresAt: 'soon' },
    { expiresAt: 0 },
  ])('that are none make the response no server’s: %j', (limits) => {
    expect(() => limited(limits)).toThrow(code)
  })
})

describe('the label of a set or device', () => {
  test.each(['', 'Ann’s 📱', 'x'.repeat(65_536)])(
    'is text by the rule of labels, as long as a server lets it be',
    (label) => {
      expect(parseSetStatus({ ...set, label })).toMatchObject({ label })
      expect(parseDevice({ ...device, label })).toMatchObject({ label })
    },
  )

  test.each([...NOT_LABELS, 'x'.repeat(65_537), undefined, null, 7])(
    'that is none makes the response no server’s: %j',
    (label) => {
      for (const parse of [
        () => parseSetStatus({ ...set, label }),
        () => parseSets({ sets: [{ ...set, label }] }),
        () => parseDevice({ ...device, label }),
        () => parseDevices({ devices: [{ ...device, label }] }),
      ]) {
        expect(parse).toThrow(code)
      }
    },
  )
})
