import { server as browser } from 'vitest/browser'
import { expect, inject, test } from 'vitest'
import { password } from '../../src/backup/index.ts'
import { indexedDbStore } from '../../src/storage/index.ts'
import { httpTransport } from '../../src/transport/index.ts'
import { recoveryStory } from '../support/e2e.ts'

const RECOVERY = [
  'Reading share',
  'Decrypting share',
  'Parsing share',
  'Recovering signing share',
  'Generating share',
  'Parsing share',
  'Storing share',
  'Done',
]

test('a wallet is made, backed up, recovered and retired from this browser against a real server', async () => {
  const { url, tokens } = inject('server')
  const token = tokens[browser.browser] as string
  const story = await recoveryStory({
    transport: httpTransport(url, { headers: () => ({ authorization: `Bearer ${token}` }) }),
    createStore: (device) => indexedDbStore(`recovery-${device}`),
    method: password('correct horse battery staple'),
  })
  expect(story.statuses).toEqual([RECOVERY, RECOVERY])
  expect(story.signatures).toBe(12)
})
