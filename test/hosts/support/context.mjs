// @ts-check
// What a cell gets.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { NotHere } from './not-here.mjs'
import { openPage } from './pages.mjs'
import { run, start } from './programs.mjs'

/** @typedef {ReturnType<typeof createContext>} Context */

/**
 * A cell: a file of test/hosts/cells.
 *
 * @typedef {object} Cell
 * @property {string} name as on the command line; that of the file
 * @property {string} what it is, in the table
 * @property {'runtimes' | 'browsers' | 'servers' | 'events' | 'bundlers' | 'frameworks' | 'examples'} group of the table
 * @property {(context: Context) => string | Promise<string>} version of the host
 * @property {(context: Context) => Promise<string>} run what was run, in the words of the table; throws if it failed
 */

/**
 * @param {string} project with the packages in node_modules and the app in story/
 * @param {string} url of the signing server
 */
export function createContext(project, url) {
  return {
    project,
    url,
    run,
    start,
    /** A path of the project: `bin('node-22/bin/node')` of its packages. @param {string} path */
    bin(path) {
      const program = join(project, 'node_modules', path)
      if (!existsSync(program)) throw new NotHere(`${path} is not published for this machine`)
      return program
    },
    /** The API token of a new client, of this server or another one. @param {string} [server] */
    token: async (server = url) => (await fetch(`${server}/token`)).text(),
    /**
     * An empty folder of the project, with the app in story/ and these files, by path.
     *
     * @param {string} name
     * @param {Readonly<Record<string, string | object>>} [files] text, or what becomes JSON
     */
    folder(name, files = {}) {
      const folder = join(project, name)
      rmSync(folder, { recursive: true, force: true })
      mkdirSync(folder)
      cpSync(join(project, 'story'), join(folder, 'story'), { recursive: true })
      const all = { 'package.json': { name, private: true, type: 'module' }, ...files }
      for (const [path, content] of Object.entries(all)) {
        mkdirSync(join(folder, path, '..'), { recursive: true })
        writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content, null, 2))
      }
      return folder
    },
    /**
     * Serves a folder, opens a page of it in a browser and waits for its report (story/report.mjs).
     *
     * @param {import('./pages.mjs').Browser} browser
     * @param {import('./pages.mjs').Site} site
     */
    async page(browser, site) {
      return openPage(browser, site, { url, token: await this.token() })
    },
  }
}

/** What the story did, if it did all of it. @param {any} result of story.mjs @param {string} [also] */
export function ran({ schemes }, also) {
  return ['generate, backup, recover, sign', `(${schemes.join(', ')})`, ...(also === undefined ? [] : [also])].join(' ')
}
