// @ts-check
// Diagrams of the pages, drawn while the site is built: a reader's browser gets pictures, and runs nothing for them.
import { renderMermaidSVG } from 'beautiful-mermaid'

const COLORS = { light: { bg: '#ffffff', fg: '#1f2328' }, dark: { bg: '#1b1b1f', fg: '#e6edf3' } }

/** @param {string} source of Mermaid @returns {string} HTML: a picture for light pages and one for dark pages */
export function diagramHtml(source) {
  const alt = escapeHtml(`Diagram: ${labelsOf(source).join('; ')}`)
  const pictures = Object.entries(COLORS).map(([scheme, colors]) => {
    const svg = renderMermaidSVG(source, { ...colors, font: 'system-ui' }).replace(/^\s*@import .*$/m, '')
    const data = Buffer.from(svg).toString('base64')
    return `<img class="only-${scheme}" alt="${alt}" src="data:image/svg+xml;base64,${data}">`
  })
  return `<p class="diagram" tabindex="0">${pictures.join('')}</p>\n`
}

/** What a diagram says, for those who do not see it. @param {string} source */
function labelsOf(source) {
  const labels = [...source.matchAll(/"([^"]+)"|subgraph \w+\[([^\]]+)\]|^\s*(?:\w+-?->>\w+|Note over \w+): (.+)$/gm)]
  return labels.map(([, quoted, group, message]) => quoted ?? group ?? message ?? '')
}

/** @param {string} text */
function escapeHtml(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
}
