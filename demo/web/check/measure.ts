import type { Frame, Page } from 'playwright'
import type { PageFiles } from '../bundle.ts'
import type { WebDemo } from '../start.ts'

/** Milliseconds after the page was asked for, with an empty cache. */
export interface ColdStart {
  /** The page can be used. */
  readonly ready: number
  /** The first wallet is there. A click is in between. */
  readonly firstWallet: number
}

/** The phone's frame of the page with all devices. */
function phoneOf(page: Page, demo: WebDemo): Frame {
  const { url } = demo.devices.find(({ name }) => name === 'Phone')!
  return page.frames().find((frame) => frame.url().startsWith(url))!
}

export async function coldStart(page: Page, demo: WebDemo): Promise<ColdStart> {
  const marks = await phoneOf(page, demo).evaluate(() =>
    ['reshare: ready', 'reshare: first wallet'].map((name) => performance.getEntriesByName(name)[0]?.startTime ?? NaN),
  )
  return { ready: Math.round(marks[0]!), firstWallet: Math.round(marks[1]!) }
}

/** What the phone has loaded before a time, after gzip, in bytes: WebAssembly is in the scripts. */
export async function loadedBytes(page: Page, demo: WebDemo, before = Infinity): Promise<number> {
  const loaded = await phoneOf(page, demo).evaluate(() =>
    performance.getEntriesByType('resource').map(({ name, startTime }) => ({ name, startTime })),
  )
  const names = loaded.filter(({ startTime }) => startTime < before).map(({ name }) => name)
  const paths = new Set(['/device.html', ...names.map((name) => new URL(name).pathname)])
  return gzipOf(demo.files, paths)
}

function gzipOf(files: PageFiles, paths: Iterable<string>): number {
  return [...paths].reduce((sum, path) => sum + (files.get(path)?.gzip.length ?? 0), 0)
}
