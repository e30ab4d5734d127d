// @ts-check
import { clientOf } from '../support/clients.mjs'

export const name = 'node-26'
export const what = 'Node 26'
export const group = 'runtimes'
export const { version, run } = clientOf('node-26/bin/node')
