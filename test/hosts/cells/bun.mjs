// @ts-check
import { clientOf } from '../support/clients.mjs'

export const name = 'bun'
export const what = 'Bun'
export const group = 'runtimes'
export const { version, run } = clientOf('@oven/bun-linux-x64/bin/bun')
