// The script of a page that leaves the app to a worker, of the kind that the address names.
const kind = new URL(globalThis.location.href).searchParams.get('kind')
const options = { type: 'module' }

if (kind === 'dedicated') new globalThis.Worker('/worker.js', options)
else if (kind === 'shared') new globalThis.SharedWorker('/worker.js', options)
else {
  await globalThis.navigator.serviceWorker.register('/service-worker.js', options)
  const { active } = await globalThis.navigator.serviceWorker.ready
  active.postMessage('run')
}
