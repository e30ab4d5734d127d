import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright'
import type { DeviceName } from '../../../demo/web/configuration.ts'

const folder = fileURLToPath(new URL('../../../docs/pictures/', import.meta.url))
const BYTES_MAX = 120_000

/**
 * Writes a picture of the page for the documents, where `--pictures` asks for it.
 *
 * @param device of one device alone
 * @throws {Error} if it is too large
 */
export async function writePicture(page: Page | undefined, name: string, device?: DeviceName): Promise<void> {
  if (page === undefined || !process.env['RESHARE_WRITE_PICTURES']) return
  const shown = page.locator(device === undefined ? 'main' : `iframe[title="${device}"]`)
  const picture = await shown.screenshot({ animations: 'disabled' })
  if (picture.length > BYTES_MAX) throw new Error(`the picture ${name} has ${picture.length} bytes`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}${name}.png`, picture)
}
