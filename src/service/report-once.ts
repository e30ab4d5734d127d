import { errorMessage, hasBrand } from '../util/brand.ts'

/** Wraps an error log so that each misconfiguration is reported once, and every other error each time. */
export function reportOnce(onError: (error: unknown) => void): (error: unknown) => void {
  const told = new Set<string>()
  return (error) => {
    if (hasBrand(error, 'Misconfigured')) {
      const message = errorMessage(error) ?? ''
      if (told.has(message)) return
      told.add(message)
    }
    onError(error)
  }
}
