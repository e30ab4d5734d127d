import type { FrameLocator, Page } from 'playwright'
import type { DeviceName } from '../configuration.ts'

/** A user at one device: what is clicked and read is found by the names that a screen reader says. */
export interface DevicePilot {
  /** Clicks a button, once it can be used. */
  click(button: string): Promise<void>
  /** Chooses one of several radio buttons. */
  choose(option: string): Promise<void>
  fill(field: string, text: string): Promise<void>
  /** Waits until a text is shown. */
  sees(text: string): Promise<void>
  /** The value beside a label, such as an address. */
  read(label: string): Promise<string>
  /** All that is shown. */
  text(): Promise<string>
}

/** A user at the page with all devices. */
export interface Pilot {
  /** Clicks a button of the page itself. */
  click(button: string): Promise<void>
  device(name: DeviceName): DevicePilot
}

/** How long a user waits for one thing. */
export const PATIENCE_MS = 30_000

/** What is typed into: a radio button may have the same label. */
const TYPED = 'input:not([type=radio]), textarea'

/** Drives a page by Playwright. */
export function playwrightPilot(page: Page): Pilot {
  page.setDefaultTimeout(PATIENCE_MS)
  return {
    click: (name) => page.getByRole('button', { name, exact: true }).click(),
    device: (name) => devicePilot(page.frameLocator(`iframe[title="${name}"]`)),
  }
}

function devicePilot(frame: FrameLocator): DevicePilot {
  return {
    click: (name) => frame.getByRole('button', { name, exact: true }).click(),
    choose: (name) => frame.getByRole('radio', { name: new RegExp(`^${name}\\b`) }).check(),
    fill: (label, text) => frame.getByLabel(label, { exact: true }).and(frame.locator(TYPED)).fill(text),
    async sees(text) {
      const wait = frame.getByText(text).first().waitFor()
      await wait.catch(async (cause: unknown) => {
        const shown = await frame.locator('body').innerText()
        throw new Error(`${text} is not there, but: ${shown}`, { cause })
      })
    },
    text: () => frame.locator('body').innerText(),
    read: (label) => frame.getByRole('group', { name: label, exact: true }).locator('code').innerText(),
  }
}
