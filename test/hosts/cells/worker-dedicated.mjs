// @ts-check
import { workerOf } from '../support/page-cells.mjs'

export const name = 'worker-dedicated'
export const what = 'a web worker'
export const group = 'browsers'
export const { version, run } = workerOf('dedicated')
