import { ed25519 } from '@noble/curves/ed25519.js'
import { server as browser } from 'vitest/browser'
import { afterEach, describe, expect, inject, test } from 'vitest'
import { generateWallet, listWallets, remoteClient, removeShare, sign, windowPort } from '../../../src/remote/index.ts'
import { SESSION } from '../support/raw.ts'

const { url, frameUrl, tokens } = inject('server')
const frames: HTMLIFrameElement[] = []
afterEach(() => frames.splice(0).forEach((frame) => frame.remove()))

interface FrameOptions {
  readonly app?: string
  readonly approval?: string
  readonly sandbox?: string
  readonly store?: string
}

function openFrame({ app = location.origin, approval = 'yes', sandbox, store = 'memory' }: FrameOptions = {}) {
  const frame = document.createElement('iframe')
  const token = tokens[`${browser.browser} frame`]!
  if (sandbox !== undefined) frame.setAttribute('sandbox', sandbox)
  frame.src = `${frameUrl}/?${String(new URLSearchParams({ url, token, app, approval, store }))}`
  document.body.append(frame)
  frames.push(frame)
  return frame
}

const portTo = (frame: HTMLIFrameElement) => windowPort({ window: frame.contentWindow!, origin: frameUrl })

/** The reports of a frame that are messages of this package. */
function texts(): string[] {
  const received: string[] = []
  addEventListener('message', ({ data }) => {
    if (typeof data === 'string' && data.includes('"reshare":"remote"')) received.push(data)
  })
  return received
}

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('a wallet in an iframe of another origin signs, and the page reads nothing of it', async () => {
  const frame = openFrame({ sandbox: 'allow-scripts allow-same-origin' })
  const client = remoteClient(portTo(frame))
  const { id: walletId, publicKeys } = await generateWallet(client)
  const message = new TextEncoder().encode('signed in a frame')
  const { signature } = await sign(client, { walletId, scheme: 'ed25519', message })
  expect(ed25519.verify(signature, message, publicKeys.ed25519)).toBe(true)

  expect(frame.contentDocument).toBe(null)
  for (const name of ['document', 'indexedDB', 'localStorage']) {
    expect(() => (frame.contentWindow as unknown as Record<string, unknown>)[name]).toThrow()
  }
  await removeShare(client, { walletId })
})

test('a frame that loads again ends what ran, and goes on with the next action', async () => {
  const frame = openFrame({ approval: 'click' })
  const client = remoteClient(portTo(frame), { silenceMs: 4000 })
  expect(await listWallets(client)).toEqual([])
  const running = generateWallet(client)
  running.catch(() => undefined)
  await later(300)
  frame.src = frame.src.replace('click', 'yes')
  await expect(running).rejects.toMatchObject({ code: 'REMOTE_FAILED' })
  expect(await listWallets(client)).toEqual([])
})

test('a refusal by the host is told', async () => {
  const client = remoteClient(portTo(openFrame({ approval: 'no' })))
  await expect(generateWallet(client)).rejects.toMatchObject({ code: 'REMOTE_DENIED' })
})

describe('origins and sources', () => {
  test('a frame does not respond to a page of another origin', async () => {
    const received = texts()
    const client = remoteClient(portTo(openFrame({ app: 'https://app.example' })), { connectMs: 1500 })
    await expect(listWallets(client)).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE' })
    expect(received).toEqual([])
  })

  test('a page does not hear a frame of another origin than it expects, nor another window of this one', async () => {
    const other = document.createElement('iframe')
    other.srcdoc = `<script>
      addEventListener('message', ({ data }) => {
        const { session } = JSON.parse(data)
        parent.postMessage(JSON.stringify({ reshare: 'remote', version: 1, session, type: 'ready' }), '*')
        parent.postMessage(JSON.stringify({ reshare: 'remote', version: 1, session, type: 'result', id: 1, value: [] }), '*')
      })
    </script>`
    document.body.append(other)
    frames.push(other)
    await new Promise((resolve) => other.addEventListener('load', resolve))
    // The window is right and the origin is not; then both are right, and another window forges.
    const wrongOrigin = remoteClient(windowPort({ window: other.contentWindow!, origin: frameUrl }), { connectMs: 700 })
    await expect(listWallets(wrongOrigin)).rejects.toMatchObject({ code: 'REMOTE_UNAVAILABLE' })
    const frame = openFrame({ app: 'https://app.example' })
    const right = windowPort({ window: frame.contentWindow!, origin: frameUrl })
    const leaking = {
      ...right,
      send: (text: string) => (right.send(text), other.contentWindow!.postMessage(text, '*')),
    }
    await expect(listWallets(remoteClient(leaking, { connectMs: 700 }))).rejects.toMatchObject({
      code: 'REMOTE_UNAVAILABLE',
    })
  })

  test('a sandboxed frame without an origin is not heard', async () => {
    const frame = openFrame({ sandbox: 'allow-scripts' })
    await expect(listWallets(remoteClient(portTo(frame), { connectMs: 1500 }))).rejects.toMatchObject({
      code: 'REMOTE_UNAVAILABLE',
    })
  })

  test.each([
    '*',
    'null',
    '/',
    '',
    'https://a.example/',
    'https://a.example/path',
    'HTTPS://a.example',
    'data:,x',
    'a.example',
  ])('no port is made for the origin %j', (origin) => {
    const window = openFrame().contentWindow!
    expect(() => windowPort({ window, origin })).toThrow(RangeError)
  })

  test('no port is made to the same window', () => {
    expect(() => windowPort({ window, origin: location.origin })).toThrow(RangeError)
  })
})

describe('a click in a dialog of the frame', () => {
  test('cannot come from a script of the page, whatever it posts', async () => {
    const frame = openFrame({ approval: 'click' })
    const client = remoteClient(portTo(frame), { silenceMs: 60_000 })
    const stop = new AbortController()
    const running = generateWallet(client, { signal: stop.signal }).catch((error: unknown) => error)
    await later(1200)
    const forged = { reshare: 'remote', version: 1, session: SESSION, type: 'result', id: 1, value: true }
    for (const text of [JSON.stringify(forged), 'click', 'approve']) frame.contentWindow!.postMessage(text, frameUrl)
    frame.focus()
    frame.dispatchEvent(new MouseEvent('click', { bubbles: true }))
    expect(await Promise.race([running, later(600).then(() => 'waits')])).toBe('waits')
    stop.abort()
    expect(await running).toMatchObject({ code: 'ABORTED' })
  })
})
