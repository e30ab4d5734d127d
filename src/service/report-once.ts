import { errorMessage, hasBrand } from '../util/brand.ts'

/** Wraps an error log so that each misconfiguration is reported once, and every other error each time. */
export function reportOnce(onError: (error: unknown) => void): (error: unknown) => void {
  const reported = new Set<string>()
  return (error) => {
    if (hasBrand(error, 'Misconfigured')) {
      const message = errorMessage(error) ?? ''
      if (reported.has(message)) return
      reported.add(message)
    }
    onError(error)
  }
}
