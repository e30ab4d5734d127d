// Before a block that serves: it gets any free port in the place of the one that it names, and its parent is told which.
import { Server } from 'node:net'

const { listen } = Server.prototype
Server.prototype.listen = function (port, ...rest) {
  this.once('listening', () => process.send({ port: this.address().port }))
  return listen.call(this, typeof port === 'number' ? 0 : port, ...rest)
}
