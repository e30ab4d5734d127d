// @ts-check
/* global document */
// The programs of examples/, with the package as it is published.
import { cpSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { chromium, firefox } from 'playwright'
import { CHROMIUM_FLAGS } from '../../support/browsers/engines.mjs'
import { pathOf } from './browsers.mjs'
import { quietly } from './built.mjs'

/** @typedef {import('./context.mjs').Context} Context */
/** @typedef {'chromium' | 'firefox'} Clickable */

let copies = 0

/** A copy of an example in the project, of this call alone: two cells of one example may run at once. @param {Context} context @param {string} name @returns {string} its folder */
export function exampleFolder({ project }, name) {
  const folder = join(project, `example-${name}-${++copies}`)
  rmSync(folder, { recursive: true, force: true })
  cpSync(resolve('examples', name), folder, { recursive: true })
  return folder
}

/** An example for Node, as its own `npm run build` makes it: compiled, strictly. @param {Context} context @param {string} name @returns {Promise<string>} its folder */
export async function compiledExample(context, name) {
  const folder = exampleFolder(context, name)
  await quietly(context, folder)('typescript/bin/tsc', '-p', '.')
  return folder
}

/**
 * Runs an example whose only part is a client.
 *
 * @param {Context} context
 * @param {string} name
 * @returns {Promise<string>} what it printed
 */
export async function runScript(context, name) {
  const folder = await compiledExample(context, name)
  const env = { RESHARE_URL: context.url, RESHARE_TOKEN: await context.token() }
  return context.run(process.execPath, ['dist/main.js'], { cwd: folder, env })
}

/** @param {string} output @param {RegExp} pattern @returns {string} what its group is @throws {Error} with the output, where it is not found */
export function found(output, pattern) {
  const text = pattern.exec(output)?.[1]
  if (text === undefined) throw new Error(`${pattern} is not in what it printed:\n${output}`)
  return text
}

/** A browser with a user who clicks. @param {Clickable} browser */
export function launch(browser) {
  return browser === 'chromium'
    ? chromium.launch({ executablePath: pathOf(browser), args: [...CHROMIUM_FLAGS] })
    : firefox.launch({ executablePath: pathOf(browser), channel: 'moz-firefox' })
}

/**
 * Waits until the page's output begins with a word. @param {import('playwright').Page} page @param {string} word
 * @returns {Promise<string>} the output
 * @throws {Error} with what it says, if that is something else
 */
export async function outputOf(page, word) {
  const output = page.locator('#output')
  const isOver = () => !['', 'working'].includes(document.getElementById('output')?.textContent ?? '')
  // What is still there after that is named below.
  await page.waitForFunction(isOver, undefined, { timeout: 60_000 }).catch(() => undefined)
  const text = (await output.textContent()) ?? ''
  if (!text.startsWith(word)) throw new Error(`the page says "${text}" in place of "${word}"`)
  return text
}
