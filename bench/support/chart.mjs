// @ts-check
// Horizontal bars as one SVG file that follows the reader's light or dark scheme.

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {number} value
 * @property {number} low the lower quartile
 * @property {number} high
 * @property {string} text what stands behind the bar
 * @property {boolean} ours
 */

/**
 * Bars on one scale.
 *
 * @typedef {object} Panel
 * @property {string} title
 * @property {readonly Bar[]} bars
 */

const WIDTH = 860
const LABEL = 250
const TEXT = 190
const BAR = 18
const ROW = 26
const TITLE = 34
const MARGIN = 20
/** A bar longer than this many times its panel's shortest one is cut, and says so. */
const CUT = 12

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .heading { font-size: 17px; font-weight: 600; }
  .title { font-weight: 600; }
  .quiet { fill: #59636e; }
  .ours { fill: #0a7d5a; }
  .other { fill: #b6bec8; }
  .spread { stroke: #1f2328; stroke-width: 1.5; opacity: 0.55; }
  .paper { fill: #ffffff; }
  .cut { stroke: #ffffff; stroke-width: 3; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .ours { fill: #3fb68b; }
    .other { fill: #4d5661; }
    .spread { stroke: #e6edf3; }
    .paper { fill: #0d1117; }
    .cut { stroke: #0d1117; }
  }`

/**
 * @param {string} heading
 * @param {string} caption what the bars are
 * @param {readonly Panel[]} panels
 * @returns {string} an SVG document
 */
export function chart(heading, caption, panels) {
  let y = MARGIN + 44
  const parts = panels.map((panel) => {
    const drawn = drawPanel(panel, y)
    y += TITLE + ROW * panel.bars.length + 8
    return drawn
  })
  const height = y + MARGIN - 8
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(heading)}">
<style>${STYLE}
</style>
<rect class="paper" width="${WIDTH}" height="${height}" rx="8"/>
<text class="heading" x="${MARGIN}" y="${MARGIN + 14}">${escape(heading)}</text>
<text class="quiet" x="${MARGIN}" y="${MARGIN + 34}">${escape(caption)}</text>
${parts.join('\n')}
</svg>
`
}

/** @param {Panel} panel @param {number} top */
function drawPanel({ title, bars }, top) {
  const positive = bars.map(({ value }) => value).filter((value) => value > 0)
  const limit = Math.min(Math.max(...positive), CUT * Math.min(...positive))
  const room = WIDTH - 2 * MARGIN - LABEL - TEXT
  const x = MARGIN + LABEL
  const scale = (/** @type {number} */ value) => x + (room * Math.min(Math.max(value, 0), limit)) / limit
  const rows = bars.map((bar, i) => {
    const y = top + TITLE + ROW * i
    const end = scale(bar.value)
    const isCut = bar.value > limit
    const middle = y + BAR / 2
    const spread = `<line class="spread" x1="${px(scale(bar.low))}" x2="${px(scale(bar.high))}" y1="${middle}" y2="${middle}"/>`
    const cut = `<path class="cut" d="M${px(end - 14)} ${y + BAR + 3} l8 ${-BAR - 6}"/>`
    return [
      `<text x="${x - 10}" y="${y + 14}" text-anchor="end">${escape(bar.label)}</text>`,
      `<rect class="${bar.ours ? 'ours' : 'other'}" x="${x}" y="${y}" width="${px(Math.max(end - x, 1))}" height="${BAR}" rx="3"/>`,
      isCut ? cut : spread,
      `<text class="quiet" x="${px(Math.max(end, isCut ? end : scale(bar.high)) + 8)}" y="${y + 14}">${escape(bar.text)}</text>`,
    ].join('\n')
  })
  return [`<text class="title" x="${MARGIN}" y="${top + 20}">${escape(title)}</text>`, ...rows].join('\n')
}

/** @param {number} value */
const px = (value) => Number(value.toFixed(1))

/** @param {string} text */
const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
