import { expect, test } from 'vitest'
import { emulatedServices } from '../../demo/emulated-services.ts'
import { googleDrive } from '../../src/backup/google-drive/index.ts'
import { iCloud } from '../../src/backup/icloud/index.ts'

const ID = '0123456789abcdef'.repeat(2)
const BASE = 'http://127.0.0.1:8791'

/** A page's way to the program. */
function page() {
  const { fetch, names } = emulatedServices()
  const send = (path: string, init?: RequestInit) => fetch(new Request(BASE + path, init))
  const control = async (action: string, body = '') =>
    (await send(`/google-drive/control/${action}`, { method: 'POST', body })).json()
  const storage = googleDrive({
    getToken: async () => (await control('token?account=alice'))['access_token'] as string,
    fetch: (url, init) => fetch(new Request(url, init)),
    endpoint: `${BASE}/google-drive`,
  })
  return { names, send, control, storage }
}

test('a page keeps a key in Google Drive as it is emulated, and disconnects', async () => {
  const { names, control, storage } = page()
  expect(names).toContain('google-drive')
  await storage.write(ID, new Uint8Array([1]))
  expect(await control('files?account=alice')).toMatchObject([{ name: `reshare-${ID}.key` }])
  await control('sign-out')
  expect(await storage.read(ID)).toEqual(new Uint8Array([1]))
  await control('disconnect')
  expect(await control('files')).toEqual([])
})

test('a page keeps a key in iCloud as it is emulated, once its user has signed in', async () => {
  const { names, send } = page()
  expect(names).toContain('icloud')
  const control = async (action: string) =>
    (await send(`/icloud/control/${action}`, { method: 'POST' })).json() as Promise<Record<string, string>>
  const signIns: string[] = []
  const keys = iCloud({
    container: 'iCloud.com.example.wallet',
    environment: 'production',
    apiToken: 'production',
    endpoint: `${BASE}/icloud`,
    fetch: (url, init) => send(url.slice(BASE.length), init),
    auth: {
      async signIn({ redirectUrl }) {
        const form = await (await send(redirectUrl.slice(BASE.length))).text()
        const [, token] = /name="oauth_token" value="(\w+)"/.exec(form) ?? []
        const answer = await send(`/icloud/sign-in?oauth_token=${token}&account=bob`)
        const [, message = ''] = /postMessage\((.*), '\*'\)/.exec(await answer.text()) ?? []
        signIns.push(redirectUrl)
        return (JSON.parse(message) as { ckWebAuthToken: string }).ckWebAuthToken
      },
    },
  })
  await keys.write(ID, new Uint8Array([1]))
  expect(await control('records?account=bob')).toEqual([ID])
  await control('sign-out?account=bob')
  expect(await keys.read(ID)).toEqual(new Uint8Array([1]))
  expect(signIns).toHaveLength(2)
  expect(signIns[0]).toMatch(/^http:\/\/127\.0\.0\.1:8791\/icloud\/sign-in\?oauth_token=/)
})

test('faults are set and taken back', async () => {
  const { control, send, storage } = page()
  await control('faults', JSON.stringify({ at: 1, fault: { type: 'respond', status: 400 } }))
  await expect(storage.probe()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  await control('faults', JSON.stringify({ at: 1, fault: { type: 'disconnect' } }))
  const broken = await send('/google-drive/drive/v3/files')
  expect([broken.status, broken.headers.get('access-control-allow-origin')]).toEqual([502, null])
  await control('faults')
  await storage.probe()
})

test('pages of any origin may use it', async () => {
  const { send } = page()
  const headers = { origin: 'http://localhost:5173', 'access-control-request-headers': 'authorization,content-type' }
  const { status, headers: allowed } = await send('/google-drive/upload/drive/v3/files', { method: 'OPTIONS', headers })
  expect(status).toBe(204)
  expect(allowed.get('access-control-allow-origin')).toBe('http://localhost:5173')
  expect(allowed.get('access-control-allow-headers')).toBe('authorization,content-type')
  for (const [path, method] of [
    ['/dropbox', 'GET'],
    ['/google-drive/control/none', 'POST'],
    ['/google-drive/control/toString', 'POST'],
  ]) {
    expect((await send(path as string, { method: method as string })).status).toBe(404)
  }
  expect((await send('/google-drive/control/token')).status).toBe(405)
})
