// The app as the script of a page. The server of the page says where the signing server is, and gets the result.
import { reportFrom } from './report.mjs'
import { runApp } from './app.mjs'

await reportFrom('page', runApp)
