import { logIn } from '../../backend/session'

export async function POST(request: Request): Promise<Response> {
  const body = (await request.json().catch(() => undefined)) as { password?: unknown } | undefined
  const cookie = typeof body?.password === 'string' ? logIn(body.password) : undefined
  if (cookie === undefined) return new Response(null, { status: 401 })
  return new Response(null, { status: 204, headers: { 'set-cookie': cookie } })
}
