/** Receives the share of the work that is done. */
export type OnProgress = (fraction: number) => void

/** Reports from 0 to 1 and never back, whatever it is told. */
export function forward(onProgress: OnProgress | undefined): OnProgress {
  let reported = -1
  return (fraction) => {
    const next = Math.min(1, Math.max(0, fraction))
    if (next <= reported) return
    reported = next
    onProgress?.(next)
  }
}

/** The progress of the `index`-th of `count` equal parts. */
export function part(onProgress: OnProgress, index: number, count: number): OnProgress {
  return (fraction) => onProgress((index + Math.min(1, Math.max(0, fraction))) / count)
}
