// @ts-check
import { clientOf } from '../support/clients.mjs'

export const name = 'node-24'
export const what = 'Node 24'
export const group = 'runtimes'
export const { version, run } = clientOf('node-24/bin/node')
