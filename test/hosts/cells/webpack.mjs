// @ts-check
import { webpackCell } from '../support/webpack-cells.mjs'

export const name = 'webpack'
export const what = 'webpack'
export const group = 'bundlers'
export const { version, run } = webpackCell(name, 'webpack', "import bundler from 'webpack'")
