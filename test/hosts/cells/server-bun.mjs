// @ts-check
import { serverOf } from '../support/servers.mjs'

export const name = 'server-bun'
export const what = 'Bun (`Bun.serve`)'
export const group = 'servers'
export const { version, run } = serverOf('@oven/bun-linux-x64/bin/bun', ['story/serve-bun.mjs'])
