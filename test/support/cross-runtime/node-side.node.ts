import { emulatedServices } from '../../../demo/emulated-services.ts'
import { httpTransport } from '../../../src/transport/index.ts'
import { listen } from '../listen.ts'
import type { MethodKind } from './methods.ts'
import { side, type SealedElsewhere } from './sides.ts'

/**
 * Node beside the browsers: emulated clouds for both, and a program of Node that seals and opens backups when it is asked,
 * as the user whose token the request has.
 */
export async function startNodeSide(signingServer: string) {
  const clouds = await listen(emulatedServices().fetch)
  const sides = new Map<string, ReturnType<typeof side>>()

  function sideOf(authorization: string): ReturnType<typeof side> {
    const place = { cloudUrl: clouds.url, account: authorization }
    const transport = httpTransport(signingServer, { headers: { authorization } })
    const own = sides.get(authorization) ?? side(transport, place)
    sides.set(authorization, own)
    return own
  }

  async function respond(request: Request): Promise<unknown> {
    const own = sideOf(request.headers.get('authorization') ?? '')
    const body: unknown = await request.json()
    return request.url.endsWith('/seal') ? own.seal(body as MethodKind) : own.open(body as SealedElsewhere)
  }

  const node = await listen(async (request) => {
    const headers = { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization' }
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers })
    try {
      return Response.json(await respond(request), { headers })
    } catch (error) {
      return new Response(String((error as Error).stack), { status: 500, headers })
    }
  })

  return {
    cloudUrl: clouds.url,
    nodeUrl: node.url,
    async close() {
      await node.close()
      await clouds.close()
    },
  }
}
