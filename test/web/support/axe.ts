import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { DeviceName } from '../../../demo/web/configuration.ts'
import type { TestBrowser } from './browser.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly impact: string
  readonly nodes: readonly { readonly html: string }[]
}

/** What axe finds wrong on a device's page and calls serious or critical: the rule, and where. */
export async function seriousFindings(browser: TestBrowser, device: DeviceName): Promise<string[]> {
  const violations = (await browser.run(
    device,
    `if (!globalThis.axe) { ${AXE} }
     const { violations } = await globalThis.axe.run(document, { resultTypes: ['violations'] })
     return violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) }))`,
  )) as readonly Violation[]
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
}
