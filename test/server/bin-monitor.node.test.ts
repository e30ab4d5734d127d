import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileProgram } from './support/program.ts'
import { parseExposition, valueOf } from './support/exposition.ts'

const { folder, start, launch } = fileProgram()

const TOKEN = 'a-token-of-the-metrics'
const OPERATION = 'ab'.repeat(16)

/** A file with a secret, as Docker gives it. */
function secret(name: string, value: string): string {
  const path = join(folder, name)
  writeFileSync(path, `${value}\n`)
  return path
}

test('has no port for operators unless it is given one', async () => {
  const { monitor, url } = await start()
  expect(monitor).toBeUndefined()
  for (const path of ['/health', '/ready', '/metrics']) expect((await fetch(url + path)).status).toBe(404)
})

test('has health, readiness and metrics on a port of their own, secrets in files and a log of JSON lines', async () => {
  const data = join(folder, 'monitored')
  const { out } = await launch(['token', 'ann of the tests'], { RESHARE_DATA_DIR: data }).ended
  const token = out.trim()
  const { monitor, url, child, ended } = await start({
    RESHARE_DATA_DIR: data,
    RESHARE_MASTER_KEY_FILE: secret('master-key', 'ab'.repeat(32)),
    RESHARE_METRICS_TOKEN_FILE: secret('metrics-token', TOKEN),
    RESHARE_MONITOR_PORT: '0',
    RESHARE_LOG: 'json',
    RESHARE_LOG_LEVEL: 'info',
  })
  const authorization = (value: string) => ({ headers: { authorization: `Bearer ${value}` } })
  expect((await fetch(`${url}/v1/devices`, authorization(token))).status).toBe(200)
  expect((await fetch(`${url}/v1/operations/${OPERATION}/abort`, { method: 'POST' })).status).toBe(401)
  for (const path of ['/health', '/metrics']) expect((await fetch(url + path)).status).toBe(404)

  expect((await fetch(`${monitor}/health`)).status).toBe(200)
  expect(await (await fetch(`${monitor}/ready`)).json()).toEqual({
    ready: true,
    database: 'ok',
    auditLog: 'ok',
    custodian: 'none',
  })
  expect((await fetch(`${monitor}/metrics`)).status).toBe(401)
  expect((await fetch(`${monitor}/metrics`, authorization(token))).status).toBe(401)
  const text = await (await fetch(`${monitor}/metrics`, authorization(TOKEN))).text()
  expect(parseExposition(text).size).toBeGreaterThan(10)
  expect(valueOf(text, 'reshare_requests_total', { request: 'listDevices', code: 'OK' })).toBe(1)

  child.kill('SIGTERM')
  const { code, err } = await ended
  expect(code).toBe(0)
  const lines = err
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.map(({ level, event }) => [level, event])).toEqual([
    ['warn', 'notice'],
    ['info', 'request'],
    ['info', 'request'],
    ['info', 'request'],
    ['info', 'request'],
  ])
  expect(lines[2]).toEqual({
    time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
    level: 'info',
    event: 'request',
    request: 'abortOperation',
    operationId: OPERATION,
    code: 'AUTH_FAILED',
    status: 401,
    sealed: false,
    ms: expect.any(Number) as number,
  })
  for (const hidden of [token, TOKEN, 'ab'.repeat(32), 'ann of the tests']) expect(err + text).not.toContain(hidden)
})
