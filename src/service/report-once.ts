import { errorMessage, hasBrand } from '../util/brand.ts'

/** An error log that hears once of each thing that is set up in a way that cannot work, and of all else every time. */
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
