// @ts-check
import { nextCell } from '../support/next-cells.mjs'

export const name = 'next-turbopack'
export const what = 'Next.js with Turbopack: a client component, the server in route handlers'
export const group = 'frameworks'
export const { version, run } = nextCell(name, ['--turbopack'])
