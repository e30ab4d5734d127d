import { atRequest, driveEmulator, iCloudEmulator, type EmulatedService, type Fault } from 'reshare/emulators'

/** An emulator, and what a page may do to it besides using it: `POST /NAME/control/ACTION?account=…`. */
interface Service {
  readonly emulator: EmulatedService
  readonly actions: Readonly<Record<string, (account: string, query: URLSearchParams) => object | Promise<object>>>
  /** A page of the provider for its users. */
  readonly page?: (url: URL) => Promise<Response | undefined>
}

/** By the first part of the path. */
const SERVICES: Readonly<Record<string, () => Service>> = {
  'google-drive': googleDrive,
  icloud: iCloud,
}

function googleDrive(): Service {
  const drive = driveEmulator({ seed: Date.now() })
  return {
    emulator: drive,
    actions: {
      /** What Google Identity Services gives to a page once its user has agreed. */
      token: (account) => ({
        access_token: drive.token(account),
        expires_in: 3600,
        scope: 'https://www.googleapis.com/auth/drive.appdata',
        token_type: 'Bearer',
      }),
      'sign-out': (account) => (drive.revoke(account), {}),
      disconnect: (account) => (drive.account(account).deleteFolder(), {}),
      files: (account) => drive.account(account).files.map(({ name, createdTime }) => ({ name, createdTime })),
    },
  }
}

/** A container for pages that are worked on, whose users sign in by a page of this program. */
function iCloud(): Service {
  const container = 'iCloud.com.example.wallet'
  const signInPage = '/icloud/sign-in'
  const service = iCloudEmulator({
    signInPage,
    containers: [
      { container, environment: 'development', apiToken: 'development' },
      { container, environment: 'production', apiToken: 'production', recordTypes: { ReshareKey: ['key'] } },
    ],
  })
  return {
    emulator: service,
    actions: {
      /** What the page gives once the user has signed in; `page` is the `redirectURL` of the response that asked for it. */
      'sign-in': async (account, query) => ({
        ckWebAuthToken: await service.auth(account).signIn({ redirectUrl: query.get('page') ?? '' }),
      }),
      'sign-out': (account) => (service.signOut(account), {}),
      records: (account) => [...service.records(account).keys()],
    },
    async page(url) {
      if (url.pathname !== signInPage) return undefined
      const account = url.searchParams.get('account')
      url.searchParams.delete('account')
      if (account === null)
        return html(SIGN_IN_FORM.replace('TOKEN', encodeURIComponent(url.searchParams.get('oauth_token') ?? '')))
      const ckWebAuthToken = await service.auth(account).signIn({ redirectUrl: url.href })
      return html(`<script>opener.postMessage(${JSON.stringify({ ckWebAuthToken })}, '*')</script>`)
    },
  }
}

const SIGN_IN_FORM = `<form>
  <input type="hidden" name="oauth_token" value="TOKEN" />
  <label>Account <input name="account" value="alice" /></label>
  <button>Sign in</button>
</form>`

function html(body: string): Response {
  return new Response(`<!doctype html><title>Sign in to iCloud</title>${body}`, {
    headers: { 'content-type': 'text/html; charset=utf-8' },
  })
}

/**
 * All emulators behind one handler, each below its name. Pages of any origin may use them: there is nothing but what they
 * have put there.
 */
export function emulatedServices() {
  const services = new Map(Object.entries(SERVICES).map(([name, create]) => [name, create()]))

  async function respond(request: Request): Promise<Response> {
    const url = new URL(request.url)
    const [, name = '', control, action = ''] = /^\/([^/]+)(?:\/(control)\/([\w-]+)$)?/.exec(url.pathname) ?? []
    const service = services.get(name)
    if (service === undefined) return new Response(null, { status: 404 })
    if (control === undefined) return (await service.page?.(url)) ?? service.emulator.fetch(request)
    if (request.method !== 'POST') return new Response(null, { status: 405 })
    if (action === 'faults') return setFaults(service.emulator, await request.text())
    const act = Object.hasOwn(service.actions, action) ? service.actions[action] : undefined
    return act === undefined
      ? new Response(null, { status: 404 })
      : Response.json(await act(url.searchParams.get('account') ?? 'alice', url.searchParams))
  }

  return {
    names: [...services.keys()],

    async fetch(request: Request): Promise<Response> {
      if (request.method === 'OPTIONS') return withCors(request, new Response(null, { status: 204 }))
      try {
        return withCors(request, await respond(request))
      } catch {
        // A connection that was made to break. Without the headers of CORS, a page gets what it gets for that: no response.
        return new Response(null, { status: 502 })
      }
    },
  }
}

/** `{ "at": 2, "fault": { "type": "disconnect" } }`: the second request from now on; nothing for no more faults. */
function setFaults(emulator: EmulatedService, text: string): Response {
  if (text === '') emulator.setFaults()
  else {
    const { at, fault } = JSON.parse(text) as { at: number; fault: Fault }
    emulator.setFaults(atRequest(at, fault))
  }
  return Response.json({})
}

function withCors(request: Request, response: Response): Response {
  const headers = new Headers(response.headers)
  headers.set('access-control-allow-origin', request.headers.get('origin') ?? '*')
  headers.set('access-control-allow-methods', 'GET, POST, DELETE')
  headers.set('access-control-allow-headers', request.headers.get('access-control-request-headers') ?? '')
  headers.set('access-control-expose-headers', 'retry-after, x-apple-cloudkit-web-auth-token')
  headers.set('vary', 'origin')
  return new Response(response.body, { status: response.status, headers })
}
