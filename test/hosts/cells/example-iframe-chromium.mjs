// @ts-check
import { iframeIn } from '../support/iframe-cells.mjs'

export const name = 'example-iframe-chromium'
export const what = 'examples/iframe, Chromium'
export const group = 'examples'
export const { version, run } = iframeIn('chromium')
