// Passes requests on to the signing server, with the token of the session's user: the browser never has it.
import { setting, userOf } from '../../../backend/session'

export const dynamic = 'force-dynamic'

async function handle(request: Request): Promise<Response> {
  if (userOf(request.headers) === undefined) {
    const error = { id: 'AUTH_FAILED', message: 'there is no session', retryable: false }
    return Response.json({ error }, { status: 401 })
  }
  const { pathname, search } = new URL(request.url)
  const response = await fetch(`${setting('SIGNING_URL')}${pathname.replace('/mpc/', '/')}${search}`, {
    method: request.method,
    headers: {
      // Of your own table: each user has a token of their own.
      authorization: `Bearer ${setting('SIGNING_TOKEN')}`,
      'content-type': request.headers.get('content-type') ?? 'application/json',
    },
    body: request.method === 'GET' ? null : await request.arrayBuffer(),
    redirect: 'manual',
    cache: 'no-store',
    signal: request.signal,
  })
  // The client waits as long as the server asks it to.
  const kept = ['content-type', 'retry-after', 'date'].flatMap((name) => {
    const value = response.headers.get(name)
    return value === null ? [] : [[name, value] as [string, string]]
  })
  return new Response(response.body, { status: response.status, headers: kept })
}

export { handle as GET, handle as POST, handle as PUT }
