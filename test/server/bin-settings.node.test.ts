import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileProgram } from './support/program.ts'

const { folder, launch } = fileProgram()

test.skipIf(!process.env['RESHARE_TEST_POSTGRES_URL'])(
  'does not start on a database that is set up in a way that cannot work, and says why',
  async () => {
    const url = new URL(process.env['RESHARE_TEST_POSTGRES_URL'] as string)
    url.pathname = '/nothing-of-this-name'
    const { code, err } = await launch([], {
      PORT: '0',
      DATABASE_URL: url.href,
      RESHARE_DATA_DIR: join(folder, 'refused'),
    }).ended
    expect(code).toBe(1)
    expect(err).toContain('PostgreSQL refuses for how it is set up: database "nothing-of-this-name" does not exist')
    expect(err).toContain('caused by: ')
    expect(err).not.toContain(url.password)
  },
)

const EVENTS_SECRET = `whsec_${'A'.repeat(43)}=`

const EMPTY = [
  ...['PORT', 'HOST', 'DATABASE_URL', 'RESHARE_DATA_DIR', 'RESHARE_MASTER_KEY', 'RESHARE_MASTER_KEY_ID'],
  ...['RESHARE_PREVIOUS_MASTER_KEYS', 'RESHARE_CHANNEL_KEY', 'RESHARE_REQUIRE_SEALED', 'RESHARE_CUSTODIAN_URL'],
  ...['RESHARE_ALLOWED_ORIGINS', 'RESHARE_ON_CHEATING', 'RESHARE_MONITOR_PORT', 'RESHARE_METRICS_TOKEN', 'RESHARE_LOG'],
  ...['RESHARE_EVENTS_URL', 'RESHARE_EVENTS_SECRET'],
]

test.each<[Record<string, string>, string]>([
  [{ RESHARE_MASTER_KEY: 'ab' }, 'masterKey must be 32 bytes'],
  [{ RESHARE_MASTER_KEY: 'no hex' }, 'lower-case hex'],
  [{ RESHARE_CUSTODIAN_URL: 'https://app.test' }, 'RESHARE_WEBHOOK_SECRET'],
  [{ RESHARE_CUSTODIAN_URL: 'app', RESHARE_WEBHOOK_SECRET: 'x'.repeat(16) }, 'URL'],
  [{ PORT: 'eighty' }, 'PORT'],
  [{ RESHARE_MASTER_KEY_ID: 'two' }, 'RESHARE_MASTER_KEY_ID must be'],
  [{ RESHARE_MASTER_KEY_ID: '256' }, 'RESHARE_MASTER_KEY_ID must be'],
  [{ PORT: '0x50' }, 'PORT must be'],
  [{ PORT: ' 80' }, 'PORT must be'],
  [{ PORT: '65536' }, 'PORT must be'],
  [
    { RESHARE_WEBHOOK_SECRET: 'x'.repeat(16) + '\n', RESHARE_CUSTODIAN_URL: 'https://app.test' },
    'RESHARE_WEBHOOK_SECRET',
  ],
  [{ RESHARE_MASTER_KEY: `${'ab'.repeat(32)}\n` }, 'RESHARE_MASTER_KEY must not have'],
  [{ RESHARE_ALLOWED_ORIGINS: 'https://a.test, https://b.test' }, 'RESHARE_ALLOWED_ORIGINS must be'],
  [{ RESHARE_CHANNEL_KEY: `${'ab'.repeat(32)},` }, 'RESHARE_CHANNEL_KEY must be'],
  ...EMPTY.map((name) => [{ [name]: '' }, `${name} is empty`] as [Record<string, string>, string]),
  [{ RESHARE_MONITOR_PORT: '99999' }, 'RESHARE_MONITOR_PORT must be'],
  [{ RESHARE_MONITOR_PORT: '0', RESHARE_METRICS_TOKEN: 'short' }, 'metricsToken must be 16 or more'],
  [{ RESHARE_METRICS_TOKEN: 'x'.repeat(16) }, 'need RESHARE_MONITOR_PORT'],
  [{ RESHARE_LOG: 'xml' }, 'RESHARE_LOG must be text or json'],
  [{ RESHARE_LOG_LEVEL: 'debug' }, 'RESHARE_LOG_LEVEL must be error, warn or info'],
  [{ RESHARE_MASTER_KEY_FILE: '/none' }, 'the file of RESHARE_MASTER_KEY_FILE cannot be read'],
  [{ RESHARE_MASTER_KEY_FILE: '/dev/null' }, 'RESHARE_MASTER_KEY is empty'],
  [{ RESHARE_MASTER_KEY: 'ab'.repeat(32), RESHARE_MASTER_KEY_FILE: '/none' }, 'are both set'],
  [{ RESHARE_PREVIOUS_MASTER_KEYS: 'ab' }, 'id:key'],
  [{ RESHARE_CHANNEL_KEY: 'ab' }, 'channel key must be 32 bytes'],
  [{ RESHARE_CHANNEL_KEY: 'no hex' }, 'lower-case hex'],
  [{ RESHARE_REQUIRE_SEALED: 'true' }, 'requireSealed needs channelKeys'],
  [{ RESHARE_REQUIRE_SEALED: 'yes' }, 'RESHARE_REQUIRE_SEALED must be'],
  [{ RESHARE_EVENTS_URL: 'https://app.test/events' }, 'RESHARE_EVENTS_URL needs RESHARE_EVENTS_SECRET'],
  [{ RESHARE_EVENTS_SECRET: EVENTS_SECRET }, 'RESHARE_EVENTS_SECRET needs RESHARE_EVENTS_URL'],
  [{ RESHARE_EVENTS_SECRET: EVENTS_SECRET, RESHARE_EVENTS_URL: 'http://app.test' }, 'events.url must be https'],
  [{ RESHARE_EVENTS_SECRET: 'whsec_', RESHARE_EVENTS_URL: 'https://app.test' }, 'a secret for events must be'],
  [{ RESHARE_ON_CHEATING: 'forgive' }, 'RESHARE_ON_CHEATING must be'],
])('does not start with %o, and makes no database', async (env, message) => {
  const data = join(folder, 'refused')
  const { code, err } = await launch([], { RESHARE_DATA_DIR: data, ...env }).ended
  expect([code, err]).toEqual([1, expect.stringContaining(message)])
  expect(existsSync(join(data, 'data'))).toBe(false)
})
