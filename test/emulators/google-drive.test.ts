import { describe, expect, test } from 'vitest'
import { atRequest, driveEmulator, driveError, stoppedClock, type DriveEmulator } from '../../src/emulators/index.ts'

const APPDATA = 'https://www.googleapis.com/auth/drive.appdata'
const BASE = 'https://www.googleapis.com'
const LIST = `/drive/v3/files?spaces=appDataFolder&fields=nextPageToken,files(id,name,createdTime,size)`
const JSON_PART = 'content-type: application/json; charset=UTF-8'

function start(): { drive: DriveEmulator; call: ReturnType<typeof caller> } {
  const drive = driveEmulator({ clock: stoppedClock() })
  return { drive, call: caller(drive, drive.token('alice')) }
}

/** What the bodies of responses have in them. */
interface Body {
  readonly ids: string[]
  readonly files: { readonly size: string }[]
  readonly nextPageToken?: string
  readonly error?: { readonly errors: readonly { readonly reason: string }[] }
}

interface Answer {
  readonly status: number
  readonly body: Body
  readonly text: string
}

/** Sends a request, and gives its status and what its body says. */
function caller({ fetch }: DriveEmulator, token: string) {
  return async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string>) }
    const response = await fetch(BASE + path, { ...init, headers })
    const text = await response.text()
    return { status: response.status, text, body: text.startsWith('{') ? JSON.parse(text) : {} }
  }
}

const reasonOf = ({ body }: Answer) => body.error?.errors[0]?.reason

function upload(metadata: object | string, content = 'abc', boundary = 'b0') {
  const json = typeof metadata === 'string' ? metadata : JSON.stringify(metadata)
  const parts = [`--${boundary}`, JSON_PART, '', json, `--${boundary}`, 'content-type: text/plain', '', content]
  return {
    method: 'POST',
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: [...parts, `--${boundary}--`, ''].join('\r\n'),
  }
}

const CREATE = '/upload/drive/v3/files?uploadType=multipart'
const IDS = '/drive/v3/files/generateIds?count=1&space=appDataFolder'
const parents = ['appDataFolder']

describe('the Drive emulator', () => {
  test('creates, lists, reads and deletes a file', async () => {
    const { call } = start()
    const id = (await call(IDS)).body.ids[0]
    expect(id).toMatch(/^\w{44}$/)
    const created = await call(CREATE, upload({ id, name: 'a', parents }))
    expect(created.body).toEqual({ kind: 'drive#file', id, name: 'a', mimeType: 'text/plain' })
    expect((await call(LIST)).body).toEqual({
      files: [{ id, name: 'a', createdTime: '2026-01-01T00:00:00.000Z', size: '3' }],
    })
    expect((await call(`/drive/v3/files/${id}?fields=parents`)).body).toEqual({ parents })
    expect((await call(`/drive/v3/files/${id}?alt=media`)).text).toBe('abc')
    expect((await call(`/drive/v3/files/${id}`, { method: 'DELETE' })).status).toBe(204)
    for (const init of [{}, { method: 'DELETE' }])
      expect(await call(`/drive/v3/files/${id}`, init)).toMatchObject({ status: 404 })
  })

  test('takes an id once, even after its file was deleted, and only ids that it made for the account', async () => {
    const { drive, call } = start()
    const id = (await call(IDS)).body.ids[0]
    const body = upload({ id, name: 'a', parents })
    expect((await call(CREATE, body)).status).toBe(200)
    expect([(await call(CREATE, body)).status, reasonOf(await call(CREATE, body))]).toEqual([409, 'fileIdInUse'])
    await call(`/drive/v3/files/${id}`, { method: 'DELETE' })
    expect((await call(CREATE, body)).status).toBe(409)
    const [ofBob = ''] = drive.account('bob').generateIds(1)
    for (const other of ['own', ofBob]) {
      expect((await call(CREATE, upload({ id: other, name: 'a', parents }))).status).toBe(400)
    }
  })

  test('has names twice, and pages', async () => {
    const { drive, call } = start()
    for (let i = 0; i < 5; i++) drive.account('alice').addFile('same', new Uint8Array(i))
    const sizes: string[] = []
    for (let token = ''; ;) {
      const { body } = await call(`${LIST}&pageSize=2${token && `&pageToken=${encodeURIComponent(token)}`}`)
      sizes.push(body.files.map(({ size }) => size).join())
      token = body.nextPageToken ?? ''
      if (token === '') break
    }
    expect(sizes).toEqual(['4,3', '2,1', '0'])
  })

  test('lists by folder and by name, each as far behind as it was told', async () => {
    const { drive, call } = start()
    const alice = drive.account('alice')
    const count = async (q: string) => (await call(`${LIST}&q=${encodeURIComponent(q)}`)).body.files.length
    const [folder, name] = ["'appDataFolder' in parents", "name = 'it\\'s and' and trashed = false"]
    alice.lag = { byFolder: { listings: 1 } }
    const { id } = alice.addFile("it's and", new Uint8Array(1))
    expect([await count(folder), await count(folder)]).toEqual([0, 1])
    expect([await count(name), await count(name), await count(name), await count(name), await count(name)]).toEqual([
      0, 0, 0, 0, 1,
    ])
    alice.lag = { byFolder: { ms: 1_000 }, byName: {} }
    alice.delete(id)
    expect([await count(folder), await count(name)]).toEqual([1, 0])
    drive.clock.advance(1_000)
    expect(await count(folder)).toBe(0)
    expect(await count("name = 'other'")).toBe(0)
  })

  test('knows its tokens: their time, their scopes, their account', async () => {
    const { drive, call } = start()
    const withToken = (options: Parameters<DriveEmulator['token']>[1]) =>
      caller(drive, drive.token('alice', options))(LIST)
    const outcome = async (work: Promise<Answer>) => {
      const response = await work
      return `${response.status} ${String(reasonOf(response))}`
    }
    expect(await outcome(call(LIST))).toBe('200 undefined')
    drive.clock.advance(3_600_000)
    expect(await outcome(call(LIST))).toBe('401 authError')
    expect(await outcome(withToken({ scopes: ['openid'] }))).toBe('403 insufficientPermissions')
    expect(await outcome(withToken({ scopes: [APPDATA.replace('appdata', 'file')] }))).toBe('403 insufficientScopes')
    expect((await drive.fetch(BASE + LIST)).status).toBe(401)
    const fresh = caller(drive, drive.token('alice'))
    drive.revoke('alice')
    expect(await outcome(fresh(LIST))).toBe('401 authError')
    drive.account('alice').addFile('a', new Uint8Array(1))
    expect((await caller(drive, drive.token('bob'))(LIST)).body).toEqual({ files: [] })
    drive.account('alice').deleteFolder()
    expect((await withToken({})).body).toEqual({ files: [] })
  })

  test('is full at its quota', async () => {
    const { drive, call } = start()
    drive.account('alice').quotaBytes = 5
    expect((await call(CREATE, upload({ name: 'a', parents }))).status).toBe(200)
    expect(reasonOf(await call(CREATE, upload({ name: 'b', parents })))).toBe('storageQuotaExceeded')
    drive.account('alice').quotaBytes = 6
    expect((await call(CREATE, upload({ name: 'b', parents }))).status).toBe(200)
  })

  test('answers with an error that it was told to', async () => {
    const { drive, call } = start()
    drive.setFaults(atRequest(1, driveError('tooManyRequests', { 'retry-after': '5' })))
    expect(await call(LIST)).toMatchObject({ status: 429, body: { error: { code: 429 } } })
    expect((await call(LIST)).status).toBe(200)
  })

  test.each([
    ['an unknown parameter', `${LIST}&order=1`],
    ['a token in the URL', `${LIST}&access_token=x`],
    ['a parameter twice', `${LIST}&pageSize=1&pageSize=2`],
    ['an unknown field', '/drive/v3/files?spaces=appDataFolder&fields=files(id,etag)'],
    ['a selection that is none', '/drive/v3/files?spaces=appDataFolder&fields=files(id'],
    ['a query that is none', `${LIST}&q=name`],
    ['a page size that is none', `${LIST}&pageSize=0`],
    ['a page token that is none', `${LIST}&pageToken=2`],
    ['another kind of corpora', `${LIST}&corpora=domain`],
    ['another kind of ids', `${IDS}&type=shortcuts`],
  ])('refuses %s', async (_, path) => {
    expect((await start().call(path)).status).toBe(400)
  })

  test.each<[string, RequestInit, number]>([
    [
      'another content type',
      { ...upload({ name: 'a', parents }), headers: { 'content-type': 'application/json' } },
      400,
    ],
    ['a body without an end', { ...upload({ name: 'a', parents }), body: '--b0\r\n' }, 400],
    ['one part', { ...upload({ name: 'a', parents }), body: `--b0\r\n${JSON_PART}\r\n\r\n{}\r\n--b0--` }, 400],
    [
      'bare line feeds',
      { ...upload({ name: 'a', parents }), body: upload({ name: 'a', parents }).body.replaceAll('\r', '') },
      400,
    ],
    ['metadata that is no JSON', upload('{'), 400],
    ['metadata that is no object', upload('[]'), 400],
    ['unknown metadata', upload({ name: 'a', parents, title: 'a' }), 400],
    ['no name', upload({ parents }), 400],
    ['another type of its content', upload({ name: 'a', parents, mimeType: 'image/png' }), 400],
    ['no folder', upload({ name: 'a' }), 403],
    ['another folder', upload({ name: 'a', parents: ['root'] }), 404],
    ['no body', { method: 'POST' }, 400],
  ])('refuses an upload with %s', async (_, init, status) => {
    const { drive, call } = start()
    expect((await call(CREATE, init)).status).toBe(status)
    expect(drive.account('alice').files).toEqual([])
  })

  test.each<[string, string, number, RequestInit?]>([
    ['another upload type', '/upload/drive/v3/files?uploadType=resumable', 400, upload({ name: 'a', parents })],
    ['another space', '/drive/v3/files?spaces=drive', 403],
    ['ids of another space', '/drive/v3/files/generateIds', 403],
    ['another path', '/drive/v3/about', 404],
    ['another version', '/drive/v2/files', 404],
    ['another method', LIST, 404, { method: 'PUT' }],
    ['another upload', '/upload/drive/v3/files/x?uploadType=multipart', 404, upload({})],
    ['a body where there is none', LIST, 400, { method: 'POST', body: 'x' }],
  ])('refuses %s', async (_, path, status, init = {}) => {
    expect((await start().call(path, init)).status).toBe(status)
  })

  test('reads the content of an upload byte for byte, also a line like a boundary', async () => {
    const { drive, call } = start()
    await call(CREATE, upload({ name: 'ü', parents }, '\r\n--b1\r\n\u00e9'))
    const [file] = drive.account('alice').files
    expect(file?.name).toBe('ü')
    expect(new TextDecoder().decode(file?.content)).toBe('\r\n--b1\r\n\u00e9')
  })
})
