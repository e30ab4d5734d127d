// @ts-check
import { versionOf } from '../support/built.mjs'
import { LISTEN, mountedAs } from '../support/mounted.mjs'

export const name = 'server-express'
export const what = 'Express'
export const group = 'servers'
export const version = versionOf('express')
export const { run } = mountedAs(name, LISTEN)
