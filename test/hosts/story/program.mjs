// The app as a program: `program.mjs URL TOKEN` prints what it did as JSON.
import { runApp } from './app.mjs'

const [url, token] = process.argv.slice(2)
console.log(JSON.stringify(await runApp({ url, token })))
