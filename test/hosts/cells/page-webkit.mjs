// @ts-check
import { pageOf } from '../support/page-cells.mjs'

export const name = 'page-webkit'
export const what = 'a page in WebKitGTK'
export const group = 'browsers'
export const { version, run } = pageOf('webkit')
