// The program of the cells without WebAssembly. Nothing is polyfilled, and the shell of Hermes has no console.
import './no-webassembly.mjs'
import { usePortableBackend } from 'reshare/portable'
import { sessions } from './sessions.mjs'

usePortableBackend()
const write = globalThis.print ?? console.log
write(JSON.stringify(sessions()))
