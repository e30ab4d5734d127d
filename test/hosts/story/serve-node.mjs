import { serve } from '@hono/node-server'
import { createServices } from './services.mjs'

/** @type {Partial<ReturnType<typeof createServices>>} */
const services = {}
const listen = (/** @type {'backend' | 'front'} */ name) =>
  new Promise((ready) => {
    const options = { fetch: (request) => services[name](request), hostname: '127.0.0.1', port: 0 }
    serve(options, ({ port }) => ready(`http://127.0.0.1:${port}`))
  })

Object.assign(services, createServices(await listen('backend')))
console.log(JSON.stringify({ url: await listen('front') }))
