// @ts-check
// A plugin of typedoc: modules have the names by which they are imported, `reshare/viem` and not `adapters/viem`, and each
// exported name has the anchor that links to it use.
import { readFileSync } from 'node:fs'
import { Converter, DeclarationReflection, ReflectionKind } from 'typedoc'
import { MarkdownPageEvent } from 'typedoc-plugin-markdown'

const { name, exports: entries } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

/** By the path of the source below src, without its ending. @type {ReadonlyMap<string, string>} */
const NAMES = new Map(
  Object.entries(entries)
    .filter(([, entry]) => entry.types !== undefined)
    .map(([path, entry]) => [entry.default.replace(/^[.]\/dist\/|[.]\w+$/g, ''), name + path.slice(1)]),
)

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      const imported = NAMES.get(module.name) ?? NAMES.get(`${module.name}/index`)
      if (imported === undefined) throw new Error(`no entry of package.json is ${module.name}`)
      module.name = imported
    }
  })
  app.renderer.on(MarkdownPageEvent.END, (page) => {
    if (!(page.model instanceof DeclarationReflection)) return
    // A method `Transport.request` takes the anchor of the type `TransportRequest`, whose heading keeps it.
    for (const child of page.model.children ?? []) {
      const anchor = app.renderer.router?.getAnchor(child)
      const heading = `\n### ${child.name}\n`
      const [before = '', after] = (page.contents ?? '').split(heading)
      if (anchor !== undefined && after !== undefined && anchor !== anchorOf(child.name, before)) {
        page.contents = `${before}\n<a id="${anchor}"></a>\n${heading}${after}`
      }
    }
  })
}

/** The anchor of a heading after the ones in `before`. @param {string} name @param {string} before */
function anchorOf(name, before) {
  const headings = before.match(/^#+ .*$/gm) ?? []
  const same = headings.filter((heading) => heading.replace(/^#+ |\W/g, '').toLowerCase() === name.toLowerCase())
  return name.toLowerCase() + (same.length === 0 ? '' : `-${same.length}`)
}
