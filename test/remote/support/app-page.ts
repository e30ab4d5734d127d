import * as remote from '../../../src/remote/index.ts'

// The page of an app, for a browser that a test drives: `frame` makes an iframe and a client of it.
Object.assign(globalThis, {
  remote,
  frame: (src: string, sandbox = 'allow-scripts allow-same-origin') => {
    const frame = document.createElement('iframe')
    frame.setAttribute('sandbox', sandbox)
    frame.src = src
    frame.style.cssText = 'position: fixed; top: 0; left: 0; width: 300px; height: 150px; border: 0'
    document.body.append(frame)
    return remote.remoteClient(remote.windowPort({ window: frame.contentWindow!, origin: new URL(src).origin }))
  },
})
