import { useEffect, useState } from 'preact/hooks'
import { useDevice } from './device-context.ts'

/** Something that is read from a server, and read again when asked for or when the page gets the focus. */
export interface Loaded<T> {
  readonly value: T | undefined
  readonly error: unknown
  reload(): Promise<void>
}

/** @param everyMs how often it is read again by itself; never without it */
export function useLoaded<T>(load: () => Promise<T>, everyMs?: number): Loaded<T> {
  const { noticeError } = useDevice()
  const [value, setValue] = useState<T>()
  const [error, setError] = useState<unknown>()

  async function reload(): Promise<void> {
    try {
      setValue(await load())
      setError(undefined)
    } catch (reason) {
      setError(reason)
      noticeError(reason)
    }
  }

  useEffect(() => {
    const again = () => void reload()
    again()
    window.addEventListener('focus', again)
    const timer = everyMs === undefined ? undefined : setInterval(() => document.hidden || again(), everyMs)
    return () => {
      window.removeEventListener('focus', again)
      clearInterval(timer)
    }
  }, [])

  return { value, error, reload }
}
