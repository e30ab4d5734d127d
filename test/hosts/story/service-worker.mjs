// The app in a service worker, which lives while it is waited for.
import { reportFrom } from './report.mjs'
import { runApp } from './app.mjs'

globalThis.addEventListener('message', (event) => event.waitUntil(reportFrom('service worker', runApp)))
