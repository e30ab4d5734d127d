// The app in Cloudflare Workers, which compile the modules that are deployed and no others.
import { runApp } from './app.mjs'

export default {
  async fetch(request) {
    try {
      return Response.json(await runApp(await request.json()))
    } catch (error) {
      return new Response(`${error?.stack ?? error}`, { status: 500 })
    }
  },
}
