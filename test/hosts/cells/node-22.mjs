// @ts-check
import { clientOf } from '../support/clients.mjs'

export const name = 'node-22'
export const what = 'Node 22'
export const group = 'runtimes'
export const { version, run } = clientOf('node-22/bin/node')
