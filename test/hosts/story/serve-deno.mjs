import { createServices } from './services.mjs'

const services = {}
const options = { hostname: '127.0.0.1', port: 0, onListen: () => undefined }
const listen = (name) => globalThis.Deno.serve(options, (request) => services[name](request)).addr.port
const backendPort = listen('backend')
Object.assign(services, createServices(`http://127.0.0.1:${backendPort}`))
console.log(JSON.stringify({ url: `http://127.0.0.1:${listen('front')}` }))
