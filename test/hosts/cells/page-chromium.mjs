// @ts-check
import { pageOf } from '../support/page-cells.mjs'

export const name = 'page-chromium'
export const what = 'a page in Chromium'
export const group = 'browsers'
export const { version, run } = pageOf('chromium')
