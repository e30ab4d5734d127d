import { useEffect, useRef, useState } from 'preact/hooks'
import type { Progress } from 'reshare'
import { isMpcError } from 'reshare/errors'
import type { Running } from '../wallet-host.ts'
import { useDevice } from './device-context.ts'

/** Something that takes a while, as a component shows it. */
export type ActionState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'running'; readonly title: string; readonly progress: Progress | undefined }
  | { readonly phase: 'failed'; readonly error: unknown }
  | { readonly phase: 'done'; readonly message: string }

export interface Action {
  readonly state: ActionState
  readonly isRunning: boolean
  /** Runs `work`, which resolves to what the user is told at the end. @returns whether it succeeded */
  run(title: string, work: (running: Running) => Promise<string | void>): Promise<boolean>
  /** Ends what is running. */
  stop(): void
}

/** One action at a time, which ends when its component goes away. */
export function useAction(): Action {
  const { noticeError } = useDevice()
  const [state, setState] = useState<ActionState>({ phase: 'idle' })
  const controller = useRef<AbortController | undefined>(undefined)
  useEffect(() => () => controller.current?.abort(), [])

  return {
    state,
    isRunning: state.phase === 'running',
    stop: () => controller.current?.abort(),
    async run(title, work) {
      if (controller.current !== undefined) return false
      const own = (controller.current = new AbortController())
      setState({ phase: 'running', title, progress: undefined })
      try {
        const message = await work({
          signal: own.signal,
          onProgress: (progress) => controller.current === own && setState({ phase: 'running', title, progress }),
        })
        setState(message === undefined || message === '' ? { phase: 'idle' } : { phase: 'done', message })
        return true
      } catch (error) {
        setState(own.signal.aborted && isMpcError(error, 'ABORTED') ? { phase: 'idle' } : { phase: 'failed', error })
        noticeError(error)
        return false
      } finally {
        controller.current = undefined
      }
    },
  }
}
