import { setTimeout } from 'node:timers/promises'
import { PATIENCE_MS, type DevicePilot, type Pilot } from '../../../demo/web/check/pilot.ts'
import type { DeviceName } from '../../../demo/web/configuration.ts'
import type { Session } from '../../support/browsers/webkit-driver.mjs'

/** How WebDriver writes an element. */
type Element = Readonly<Record<string, string>>

/** A device, or the page around all of them. */
type Place = DeviceName | 'overview'

/** A page with all devices, and JavaScript in the page of each. */
export interface ScriptedPilot extends Pilot {
  /** Runs JavaScript in a device's page: the body of a function, which may return a promise of something that JSON can say. */
  run(device: DeviceName, body: string): Promise<unknown>
}

/** Finds what can be used now by the name that a screen reader says. */
const FIND = `
const [kind, name] = arguments
const selectors = { button: 'button, summary', radio: 'input[type=radio]', field: 'input:not([type=radio]), textarea' }
const nameOf = (element) =>
  (element.getAttribute('aria-label') ??
    (element.labels?.length ? Array.from(element.labels, (label) => label.textContent).join(' ') : element.textContent)).trim()
const isShown = (element) => element.getClientRects().length > 0 && !element.disabled
const matches = (element) => (kind === 'radio' ? nameOf(element).startsWith(name) : nameOf(element) === name)
const within = document.querySelector('dialog[open]') ?? document
return Array.from(within.querySelectorAll(selectors[kind])).find((element) => isShown(element) && matches(element)) ?? null
`

const PLACE = `
arguments[0].scrollIntoView({ block: 'center' })
const { x, y } = arguments[0].getBoundingClientRect()
return x + ' ' + y
`

const READ = `
const rows = Array.from(document.querySelectorAll('.copyable'))
return rows.find((row) => row.getAttribute('aria-label') === arguments[0])?.querySelector('code').textContent ?? null
`

/** Drives the page with all devices by WebDriver: real clicks and keys, in the frame of a device. */
export function webdriverPilot({ command }: Session): ScriptedPilot {
  const execute = <T = never>(script: string, args: readonly unknown[] = []) =>
    command('POST', '/execute/sync', { script, args }) as Promise<T>

  async function enter(name: Place): Promise<void> {
    await command('POST', '/frame', { id: null })
    if (name === 'overview') return
    const frame = await command('POST', '/element', { using: 'css selector', value: `iframe[title="${name}"]` })
    // WebKit's driver scrolls within a frame, and not the page around it.
    await execute('arguments[0].scrollIntoView()', [frame])
    await command('POST', '/frame', { id: frame })
  }

  /** Asks again until there is a result: the page may be busy, or its frame be loading. */
  async function until<T>(name: Place, what: string, ask: () => Promise<T | null | false>): Promise<T> {
    const deadline = Date.now() + PATIENCE_MS
    let last: unknown
    while (Date.now() < deadline) {
      try {
        await enter(name)
        const result = await ask()
        if (result !== null && result !== false) return result
      } catch (error) {
        last = error
      }
      await setTimeout(100)
    }
    const shown = await execute('return document.body.innerText').catch(() => '')
    throw new Error(`${name}: ${what} is not there, but: ${shown}`, { cause: last })
  }

  const find = (name: Place, kind: string, label: string) =>
    until<Element>(name, `the ${kind} ${label}`, () => execute(FIND, [kind, label]))
  const pathOf = (element: Element) => `/element/${Object.values(element)[0]}`

  /** In the middle of the window, where the navigation does not cover it, and once it stands still. */
  async function press(element: Element): Promise<void> {
    const place = () => execute<string>(PLACE, [element])
    let before: string
    let now = await place()
    do {
      before = now
      await setTimeout(100)
      now = await place()
    } while (now !== before)
    await command('POST', `${pathOf(element)}/click`, {})
  }

  const device = (name: DeviceName): DevicePilot => ({
    click: async (label) => press(await find(name, 'button', label)),
    choose: async (label) => press(await find(name, 'radio', label)),
    async fill(label, text) {
      const element = await find(name, 'field', label)
      await execute('arguments[0].select()', [element])
      await command('POST', `${pathOf(element)}/value`, { text })
      const typed = await execute('return arguments[0].value', [element])
      if (typed !== text) throw new Error(`${name}: "${text}" was typed, and ${label} has "${String(typed)}"`)
    },
    text: () => until(name, 'a text', () => execute('return document.body.innerText')),
    sees: async (text) =>
      void (await until(name, text, () => execute('return document.body.innerText.includes(arguments[0])', [text]))),
    read: (label) => until(name, label, () => execute(READ, [label])),
  })

  return {
    click: async (label) => press(await find('overview', 'button', label)),
    device,
    async run(name, body) {
      await enter(name)
      const script = `const done = arguments[0]; (async () => { ${body} })().then((value) => done({ value }), (error) => done({ error: String(error) }))`
      const { value, error } = (await command('POST', '/execute/async', { script, args: [] })) as {
        readonly value?: unknown
        readonly error?: string
      }
      if (error !== undefined) throw new Error(error)
      return value
    },
  }
}
