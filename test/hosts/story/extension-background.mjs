// The app in the background worker of an extension, which a page of it asks by a message with the server's address.
import { reportFrom } from './report.mjs'
import { runApp } from './app.mjs'

globalThis.chrome.runtime.onMessage.addListener((base, _sender, respond) => {
  void reportFrom('background', runApp, base).then(() => respond('done'))
  return true
})
