import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { announceProvider } from '../../../src/adapters/viem/announce.ts'
import { wagmi } from '../wagmi/wagmi.mjs'
import { foundry } from 'viem/chains'
import { setup } from './example-provider.ts'

const INFO = { name: 'Example', icon: 'data:image/svg+xml,<svg/>', rdns: 'com.example.wallet' } as const

interface Announcement {
  readonly info: Readonly<Record<string, string>>
  readonly provider: unknown
}

const heard: Announcement[] = []
const hear = (event: Event): void => void heard.push((event as CustomEvent<Announcement>).detail)

beforeEach(() => {
  // Node.js has no window.
  if (typeof window === 'undefined') vi.stubGlobal('window', new EventTarget())
  window.addEventListener('eip6963:announceProvider', hear)
})
afterEach(() => {
  window.removeEventListener('eip6963:announceProvider', hear)
  heard.length = 0
  vi.unstubAllGlobals()
})

test('announces the provider at once, and when a page asks', async () => {
  const { provider } = await setup()
  const stop = announceProvider(provider, INFO)
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  stop()
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  expect(heard).toHaveLength(2)
  const [first, second] = heard as [Announcement, Announcement]
  expect(first).toBe(second)
  expect(first.provider).toBe(provider)
  expect(first.info).toEqual({
    ...INFO,
    uuid: expect.stringMatching(/^[0-9a-f-]{14}4[0-9a-f]{3}-[89ab][0-9a-f-]{16}$/),
  })
  expect(Object.isFrozen(first) && Object.isFrozen(first.info)).toBe(true)
})

test('wagmi finds it', async () => {
  const { provider, account, node } = await setup()
  const stop = announceProvider(provider, { ...INFO, uuid: '350670db-19fa-4704-a166-e52e178b59d2' })
  const config = wagmi.createConfig({ chains: [foundry], transports: { [foundry.id]: node.transport }, storage: null })
  const connector = config.connectors.find(({ id }) => id === INFO.rdns)
  expect(connector).toMatchObject({ name: 'Example', icon: INFO.icon })
  expect(await wagmi.connect(config, { connector: connector! })).toMatchObject({ accounts: [account.address] })
  expect(await wagmi.signMessage(config, { message: 'a text' })).toMatch(/^0x/)
  await wagmi.disconnect(config)
  expect(await provider.request({ method: 'eth_accounts' })).toEqual([])
  stop()
})

test.each<[string, object]>([
  ['no name', { ...INFO, name: '' }],
  ['a picture from elsewhere', { ...INFO, icon: 'https://example.com/icon.svg' }],
  ['a script as a picture', { ...INFO, icon: 'javascript:alert(1)' }],
  ['no domain', { ...INFO, rdns: 'wallet' }],
  ['another UUID', { ...INFO, uuid: '350670db-19fa-1704-a166-e52e178b59d2' }],
])('does not announce %s', async (_name, info) => {
  const { provider } = await setup()
  expect(() => announceProvider(provider, info as never)).toThrow(/must/)
  expect(heard).toEqual([])
})

test('needs a provider and a page', async () => {
  const { provider } = await setup()
  expect(() => announceProvider({} as never, INFO)).toThrow(TypeError)
  expect(() => announceProvider(provider, undefined as never)).toThrow(TypeError)
})
