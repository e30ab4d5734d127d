import { createServices } from './services.mjs'

const services = {}
const listen = (name) =>
  globalThis.Bun.serve({ fetch: (request) => services[name](request), hostname: '127.0.0.1', port: 0 })
const backend = listen('backend')
Object.assign(services, createServices(`http://127.0.0.1:${backend.port}`))
console.log(JSON.stringify({ url: `http://127.0.0.1:${listen('front').port}` }))
