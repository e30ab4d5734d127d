import { encodeQR } from 'qr'
import { useMemo } from 'preact/hooks'

const MODULE_PIXELS = 6

/** A QR code: dark on white also in a dark page, since some scanners read nothing else. */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const modules = useMemo(() => modulesOf(text), [text])
  const size = modules.length
  const path = modules.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return (
    <svg class="qr-code" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shape-rendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}

/** Saves the code as a picture, for a device without a camera. */
export async function saveQrCode(text: string, name: string): Promise<void> {
  const modules = modulesOf(text)
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = modules.length * MODULE_PIXELS
  const context = canvas.getContext('2d')!
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = '#000'
  for (const [y, row] of modules.entries()) {
    for (const [x, isDark] of row.entries()) {
      if (isDark) context.fillRect(x * MODULE_PIXELS, y * MODULE_PIXELS, MODULE_PIXELS, MODULE_PIXELS)
    }
  }
  const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
  if (picture === null) throw new Error('The picture could not be made.')
  const link = document.createElement('a')
  link.href = URL.createObjectURL(picture)
  link.download = name
  link.click()
  // Firefox reads it after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** Rows of modules, dark ones true, with the quiet border. Join codes have the characters of the alphanumeric mode. */
function modulesOf(text: string): boolean[][] {
  return encodeQR(text, 'raw', { encoding: 'alphanumeric', ecc: 'medium', border: 4 })
}
