// @ts-check
import { jestCell } from '../support/jest-cells.mjs'

export const name = 'jest'
export const what = 'Jest, tests as ES modules'
export const group = 'frameworks'
export const { version, run } = jestCell(name, {})
