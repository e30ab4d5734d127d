// @ts-check
import { pageOf } from '../support/page-cells.mjs'

export const name = 'page-firefox'
export const what = 'a page in Firefox'
export const group = 'browsers'
export const { version, run } = pageOf('firefox')
