// @ts-check
import { versionOf } from '../support/built.mjs'
import { mountedAs } from '../support/mounted.mjs'

export const name = 'server-hono'
export const what = 'Hono'
export const group = 'servers'
export const version = versionOf('hono')
export const { run } = mountedAs(
  name,
  `const { serve } = await import('@hono/node-server')
const port = await new Promise((ready) => serve({ ...app.default, port: 0 }, (address) => ready(address.port)))
const url = \`http://127.0.0.1:\${port}/mpc\``,
)
