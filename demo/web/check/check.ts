import type { Page } from 'playwright'
import type { WebDemo } from '../start.ts'
import { launchChromium } from './chromium.ts'
import { coldStart, loadedBytes } from './measure.ts'
import { playwrightPilot } from './pilot.ts'
import { playStory } from './story.ts'

/** What a page may weigh until the first wallet is there: gzip, in KB, WebAssembly included. */
const WEIGHT_BUDGET_KB = 250

/**
 * Plays the main story in a Chromium without a window, and prints what was measured.
 *
 * @throws {Error} if a step fails, a page reports an error, or the page is too heavy
 */
export async function checkWebDemo(demo: WebDemo): Promise<void> {
  const browser = await launchChromium()
  try {
    const page = await browser.newPage({ viewport: { width: 1000, height: 950 } })
    const problems = problemsOf(page)
    await page.goto(demo.url)
    let weight = 0
    await playStory(playwrightPilot(page), {
      ethereum: demo.ethereum,
      async onStep(step) {
        print(`ok: ${step}`)
        if (step !== 'create a wallet') return
        const { ready, firstWallet } = await coldStart(page, demo)
        weight = await loadedBytes(page, demo, firstWallet)
        print(`   page ready after ${ready} ms, first wallet after ${firstWallet} ms`)
        print(`   loaded until then: ${kb(weight)} KB (gzip, with WebAssembly), budget ${WEIGHT_BUDGET_KB} KB`)
      },
    })
    print(`loaded until the end: ${kb(await loadedBytes(page, demo))} KB on the phone`)
    if (problems.length > 0) throw new Error(`a page reported: ${problems.join('; ')}`)
    if (weight > WEIGHT_BUDGET_KB * 1000) throw new Error(`the page is ${kb(weight)} KB`)
    print('The story works.')
  } finally {
    await browser.close()
  }
}

/** What a page throws, and what its policy refuses. */
function problemsOf(page: Page): string[] {
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy/.test(message.text())) problems.push(message.text())
  })
  return problems
}

const kb = (bytes: number): string => (bytes / 1000).toFixed(1)

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
