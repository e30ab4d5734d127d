// The app in Cloudflare Workers, which compile the modules that are deployed and no others.
import core from 'reshare/core.wasm'
import { useModule } from 'reshare/module'
import { runApp } from './app.mjs'

useModule(core)

export default {
  async fetch(request) {
    try {
      return Response.json(await runApp(await request.json()))
    } catch (error) {
      return new Response(`${error?.stack ?? error}`, { status: 500 })
    }
  },
}
