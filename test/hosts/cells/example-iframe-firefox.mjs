// @ts-check
import { iframeIn } from '../support/iframe-cells.mjs'

export const name = 'example-iframe-firefox'
export const what = 'examples/iframe, Firefox'
export const group = 'examples'
export const { version, run } = iframeIn('firefox')
