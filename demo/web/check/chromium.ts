import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** As root Chromium has no sandbox; the rest keeps it from calling home. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

/** Starts the Chromium that the variable CHROMIUM names, or that is on PATH. @throws {Error} if there is none */
export async function launchChromium(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const found = NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram)
  const executablePath = process.env['CHROMIUM'] ?? found
  if (executablePath === undefined) throw new Error('Chromium is not on PATH, and CHROMIUM does not name it')
  return chromium.launch({ executablePath, args: FLAGS })
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
