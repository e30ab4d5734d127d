// @ts-check
import { webViewIn } from '../support/web-view-cells.mjs'

export const name = 'example-webview-chromium'
export const what = 'the page of examples/react-native-webview, Chromium'
export const group = 'examples'
export const { version, run } = webViewIn('chromium')
