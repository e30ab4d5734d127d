// @ts-check
import { clientOf } from '../support/clients.mjs'

export const name = 'node-20'
export const what = 'Node 20, the oldest'
export const group = 'runtimes'
export const { version, run } = clientOf('node-20/bin/node')
