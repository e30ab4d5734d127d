// The app in a page of an extension, whose address names the server that gets the report.
import { reportFrom } from './report.mjs'
import { runApp } from './app.mjs'

await reportFrom('extension', runApp, new URL(globalThis.location.href).searchParams.get('base'))
