// @ts-check
import { webViewIn } from '../support/web-view-cells.mjs'

export const name = 'example-webview-webkit'
export const what = 'the page of examples/react-native-webview, WebKitGTK'
export const group = 'examples'
export const { version, run } = webViewIn('webkit')
