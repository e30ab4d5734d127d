// @ts-check
import { versionOf } from '../support/built.mjs'
import { mountedAs } from '../support/mounted.mjs'

export const name = 'server-fastify'
export const what = 'Fastify'
export const group = 'servers'
export const version = versionOf('fastify')
export const { run } = mountedAs(name, "const url = await app.default.listen({ host: '127.0.0.1', port: 0 })")
