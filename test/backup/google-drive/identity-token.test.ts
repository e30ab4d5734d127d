import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { googleIdentityToken } from '../../../src/backup/google-drive/index.ts'

const SCOPE = 'https://www.googleapis.com/auth/drive.appdata'
const CLIENT = '1234.apps.googleusercontent.com'

interface Config {
  readonly client_id: string
  readonly scope: string
  readonly prompt: string
  readonly login_hint?: string
  readonly callback: (response: unknown) => void
  readonly error_callback: (error: unknown) => void
}

/** Google Identity Services, whose windows a test answers itself. */
let windows: Config[] = []
/** What the next windows do. */
let answer: (config: Config) => void

const grant = ({ callback }: Config) =>
  callback({
    access_token: `ya29.${windows.length}`,
    expires_in: '3599',
    scope: `openid ${SCOPE}`,
    token_type: 'Bearer',
  })

beforeEach(() => {
  vi.useFakeTimers()
  windows = []
  answer = grant
  vi.stubGlobal('google', {
    accounts: {
      oauth2: {
        initTokenClient: (config: Config) => ({
          requestAccessToken() {
            windows.push(config)
            setTimeout(() => answer(config), 1)
          },
        }),
      },
    },
  })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** What a call gives once its window has answered. */
async function outcome(work: string | Promise<string>): Promise<unknown> {
  const result = Promise.resolve(work).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(1)
  return result
}

describe('googleIdentityToken', () => {
  test('asks for the one scope, without asking the user twice', async () => {
    const getToken = googleIdentityToken({ clientId: CLIENT, loginHint: 'alice@example.com' })
    expect(await outcome(getToken({ force: false }))).toBe('ya29.1')
    const [config] = windows
    expect(config).toMatchObject({ client_id: CLIENT, scope: SCOPE, prompt: '', login_hint: 'alice@example.com' })
    // Else the token has every scope that the user ever granted this client.
    expect(config).toHaveProperty('include_granted_scopes', false)
  })

  test('keeps a token until a minute before it expires, or until another is forced', async () => {
    const getToken = googleIdentityToken({ clientId: CLIENT })
    await outcome(getToken({ force: false }))
    vi.advanceTimersByTime(3_530_000)
    expect(await outcome(getToken({ force: false }))).toBe('ya29.1')
    vi.advanceTimersByTime(10_000)
    expect(await outcome(getToken({ force: false }))).toBe('ya29.2')
    expect(await outcome(getToken({ force: true }))).toBe('ya29.3')
    expect(await outcome(getToken({ force: false }))).toBe('ya29.3')
    expect(windows).toHaveLength(3)
  })

  test('opens one window for all who ask at the same time', async () => {
    const getToken = googleIdentityToken({ clientId: CLIENT })
    const both = [false, true].map(async (force) => getToken({ force }))
    expect(await outcome(Promise.all(both).then((tokens) => tokens.join()))).toBe('ya29.1,ya29.1')
  })

  test('keeps the window of the others when one of them aborts', async () => {
    const getToken = googleIdentityToken({ clientId: CLIENT })
    const controller = new AbortController()
    const first = Promise.resolve(getToken({ force: false, signal: controller.signal })).catch(
      (error: unknown) => error,
    )
    const second = getToken({ force: false })
    controller.abort()
    expect(await first).toMatchObject({ code: 'ABORTED' })
    const third = getToken({ force: false })
    expect(await outcome(third)).toBe('ya29.1')
    expect(await second).toBe('ya29.1')
    expect(windows).toHaveLength(1)
  })

  test.each<[string, (config: Config) => void, RegExp]>([
    ['a closed window', ({ error_callback }) => error_callback({ type: 'popup_closed' }), /closed/],
    ['a blocked window', ({ error_callback }) => error_callback({ type: 'popup_failed_to_open' }), /blocked/],
    ['a refusal', ({ callback }) => callback({ error: 'access_denied' }), /did not allow/],
    ['another error', ({ callback }) => callback({ error: 'invalid_client' }), /\(invalid_client\)/],
    ['an error without a name', ({ error_callback }) => error_callback(undefined), /\(unknown\)/],
    ['an error that is no name', ({ callback }) => callback({ error: '<b>' }), /\(unknown\)/],
    [
      'a scope that is missing',
      ({ callback }) => callback({ access_token: 'x', expires_in: 9, scope: 'openid' }),
      /drive\.appdata/,
    ],
    ['a token that is missing', ({ callback }) => callback({ expires_in: 9, scope: SCOPE }), /no access token/],
    ['a time that is none', ({ callback }) => callback({ access_token: 'x', scope: SCOPE }), /no access token/],
  ])('%s is STORAGE_UNAVAILABLE, and the next call asks again', async (_, fails, message) => {
    const getToken = googleIdentityToken({ clientId: CLIENT })
    answer = fails
    const error = await outcome(getToken({ force: false }))
    expect(error).toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
      message: expect.stringMatching(message),
    })
    answer = grant
    expect(await outcome(getToken({ force: false }))).toBe('ya29.2')
  })

  test('gives up after five minutes, and when the caller does', async () => {
    answer = () => {}
    const getToken = googleIdentityToken({ clientId: CLIENT })
    const late = outcome(getToken({ force: false }))
    await vi.advanceTimersByTimeAsync(300_000)
    expect(await late).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining('five minutes') })
    const controller = new AbortController()
    const aborted = outcome(getToken({ force: false, signal: controller.signal }))
    controller.abort()
    expect(await aborted).toMatchObject({ code: 'ABORTED' })
    answer = grant
    expect(await outcome(getToken({ force: false }))).toBe('ya29.3')
  })

  test('says that the script is not loaded', async () => {
    for (const google of [undefined, {}, { accounts: { oauth2: {} } }]) {
      vi.stubGlobal('google', google)
      const error = await outcome(googleIdentityToken({ clientId: CLIENT })({ force: false }))
      expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining('not loaded') })
    }
  })

  test('refuses wrong options', () => {
    expect(() => googleIdentityToken(undefined as never)).toThrow(TypeError)
    expect(() => googleIdentityToken({ clientId: '' })).toThrow(TypeError)
    expect(() => googleIdentityToken({ clientId: CLIENT, loginHint: 1 as never })).toThrow(TypeError)
  })
})
