// @ts-check
import { workerOf } from '../support/page-cells.mjs'

export const name = 'worker-shared'
export const what = 'a shared worker'
export const group = 'browsers'
export const { version, run } = workerOf('shared')
