import { defineBrowserProvider } from '@vitest/browser'
import type { BrowserProvider } from 'vitest/node'
import { openSession, type Session } from './webkit-driver.mjs'

/** Where the WebDriver server and the browser are. */
export interface WebkitOptions {
  /** Path of WebKitWebDriver. */
  driver: string
  /** Path of WebKitGTK's MiniBrowser. */
  browser: string
}

/** Drives WebKitGTK through its WebDriver; it needs a display. */
export function webkitGtk(options: WebkitOptions) {
  return defineBrowserProvider({
    name: 'webkit-gtk',
    supportedBrowser: ['webkit'],
    options,
    providerFactory: () => provider(options),
  })
}

function provider({ driver, browser }: WebkitOptions): BrowserProvider {
  let opening: Promise<Session> | undefined
  return {
    name: 'webkit-gtk',
    supportsParallelism: false,
    getCommandsContext: () => ({}),
    async openPage(_sessionId, url) {
      const session = await (opening ??= openSession(driver, browser))
      await session.navigate(url)
    },
    async close() {
      const session = await opening?.catch(() => undefined)
      await session?.close()
    },
  }
}
