// The page that asks the background worker.
await globalThis.chrome.runtime.sendMessage(new URL(globalThis.location.href).searchParams.get('base'))
