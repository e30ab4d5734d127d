import type { Port } from 'reshare/remote'

/** A port to the page of a WebView. */
export interface WebViewPort extends Port {
  /** For the WebView's `onMessage`. */
  readonly receive: (text: string) => void
  /** For the WebView's `onContentProcessDidTerminate` (iOS) and `onRenderProcessGone` (Android). */
  readonly close: () => void
}

/**
 * A port to the page of a WebView, which carries strings.
 *
 * @param post sends a string to the page: the WebView's `postMessage`
 */
export function webViewPort(post: (text: string) => void): WebViewPort {
  let onText: ((text: unknown) => void) | undefined
  let onClosed: (() => void) | undefined
  return {
    send: post,
    listen(text, closed) {
      onText = text
      onClosed = closed
      return () => {
        onText = undefined
        onClosed = undefined
      }
    },
    receive: (text) => onText?.(text),
    close: () => onClosed?.(),
  }
}
