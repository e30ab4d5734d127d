// @ts-check
import { webpackCell } from '../support/webpack-cells.mjs'

export const name = 'rspack'
export const what = 'Rspack'
export const group = 'bundlers'
export const { version, run } = webpackCell(name, '@rspack/core', "import { rspack as bundler } from '@rspack/core'")
