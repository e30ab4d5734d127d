// The program of the cell hermes. Nothing is polyfilled.
import { usePortableBackend } from 'reshare/portable'
import { sessions } from './sessions.mjs'

usePortableBackend()
globalThis.print(JSON.stringify(sessions()))
