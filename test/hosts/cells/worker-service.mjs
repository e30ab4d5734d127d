// @ts-check
import { workerOf } from '../support/page-cells.mjs'

export const name = 'worker-service'
export const what = 'a service worker'
export const group = 'browsers'
export const { version, run } = workerOf('service')
