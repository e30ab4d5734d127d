import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { playStory } from '../../demo/web/check/story.ts'
import type { Engine } from '../support/browsers/engines.mjs'
import { seriousFindings } from './support/axe.ts'
import { openBrowser, type TestBrowser } from './support/browser.ts'
import { writePicture } from './support/pictures.ts'
import { startDemo, type RunningDemo } from './support/web-demo.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The browser that a run of the web tests is for. */
    readonly engine: Exclude<Engine, 'node'>
  }
}

/** Steps of the story that are shown in the documents. */
const PICTURES: Readonly<Record<string, string>> = {
  'send ether': 'demo-sign',
  'asked before a signature': 'demo-agree',
  'asked to approve': 'demo-approve',
  'asked before a device is removed': 'demo-devices',
  'a wrong password': 'demo-error',
}

const engine = inject('engine')
let demo: RunningDemo
let browser: TestBrowser

beforeAll(async () => {
  demo = await startDemo()
  browser = await openBrowser(engine, demo.url)
})
afterAll(async () => {
  await browser?.close()
  await demo?.close()
})

test('the main story works as a user clicks it, and every screen of it is accessible', async () => {
  const findings: string[] = []
  const steps: string[] = []
  await playStory(browser, {
    ethereum: true,
    async onStep(step) {
      steps.push(step)
      if (PICTURES[step]) await writePicture(browser.page, PICTURES[step])
      // Every step in Chromium; elsewhere once, since axe looks at the same document in all.
      const devices = engine === 'chromium' || step === 'both sign a text' ? (['Phone', 'Laptop'] as const) : []
      for (const device of devices) findings.push(...(await seriousFindings(browser, device)))
    },
  })
  expect(steps).toHaveLength(14)
  expect(findings).toEqual([])
  expect(browser.problems).toEqual([])
})
