// @ts-check
import { randomBytes } from 'node:crypto'
import { freePort, startTestPostgres } from '../../../scripts/test-postgres.mjs'
import { versionOf } from '../support/built.mjs'
import { compiledExample, found } from '../support/examples.mjs'
import { NotHere } from '../support/not-here.mjs'

export const name = 'example-servers'
export const what = 'examples/hono-postgres-server, whose custodian is examples/express-custodian'
export const group = 'examples'
export const version = versionOf('hono')

const secret = () => randomBytes(32).toString('hex')

/** @param {import('../support/context.mjs').Context} context */
export async function run(context) {
  const [server, backend] = [
    await compiledExample(context, 'hono-postgres-server'),
    await compiledExample(context, 'express-custodian'),
  ]
  const postgres = await startTestPostgres()
  if (postgres === undefined) throw new NotHere('PostgreSQL is not installed')
  const running = []
  try {
    const [webhookSecret, session, port] = [secret(), secret(), await freePort()]
    const database = { DATABASE_URL: postgres.url }
    const token = await context.run(process.execPath, ['dist/token.js', 'ann'], { cwd: server, env: database })
    const custodian = await context.start(process.execPath, ['dist/server.js'], {
      cwd: backend,
      env: {
        PORT: '0',
        CUSTODIAN_MASTER_KEY: secret(),
        RESHARE_WEBHOOK_SECRET: webhookSecret,
        APP_SESSION: session,
        SIGNING_URL: `http://127.0.0.1:${port}`,
        SIGNING_TOKEN: token.trim(),
      },
    })
    running.push(custodian)
    const signing = await context.start(process.execPath, ['dist/server.js'], {
      cwd: server,
      env: {
        ...database,
        PORT: `${port}`,
        RESHARE_MASTER_KEY: secret(),
        RESHARE_CUSTODIAN_URL: `${custodian.ready.url}/custodian`,
        RESHARE_WEBHOOK_SECRET: webhookSecret,
      },
    })
    running.push(signing)
    const readiness = await fetch(`${signing.ready.url}/ready`)
    if (!readiness.ok) throw new Error(`/ready says ${readiness.status}`)

    const env = { BACKEND_URL: custodian.ready.url, APP_SESSION: session }
    const output = await context.run(process.execPath, ['dist/device.js'], { cwd: backend, env })
    found(output, /^recovered \w{32}\nsigned ([0-9a-f]{128})\n$/m)
    await assertRefused(custodian.ready.url)
    const said = running.map((one) => one.output()).join('')
    if ([webhookSecret, session, token.trim()].some((one) => said.includes(one))) throw new Error('a log has a secret')
    return 'generate, backup, find the wallet, recover from the backend’s cipherText, sign (ed25519)'
  } catch (error) {
    const said = running.map((one) => one.output()).join('')
    throw new Error(`${error instanceof Error ? error.message : error}\nthe servers said: ${said}`, { cause: error })
  } finally {
    for (const one of running) await one.stop()
    await postgres.stop()
  }
}

/** A stranger gets nothing of the backend. @param {string} url */
async function assertRefused(url) {
  const headers = { authorization: `Bearer ${secret()}`, 'content-type': 'application/json' }
  const body = JSON.stringify({ clientId: 'ann' })
  const responses = [
    await fetch(`${url}/login`, { headers }),
    await fetch(`${url}/custodian/v1/backups`, { headers }),
    await fetch(`${url}/custodian/backup/fetch`, { method: 'POST', headers, body }),
  ]
  for (const { status } of responses) if (status !== 401) throw new Error(`a stranger gets ${status}`)
}
