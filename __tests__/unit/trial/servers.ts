import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'

/** A server that answers every request with a status, or as the listener says. */
export function httpServer(answer: number | RequestListener): HttpServer {
  return createHttpServer(
    typeof answer === 'number' ? (_request, response) => response.writeHead(answer).end('answer') : answer
  )
}

/** A server that does this with every connection. */
export function tcpServer(onConnection: (socket: Socket) => void): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
    // Who does not read does not notice that the other side has gone.
    socket.resume()
  })
}

/** Listens on a free port of the loopback interface, and gives it. */
export async function listen(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not a TCP server')
  return address.port
}

/** Stops listening, and waits for the connections, which must end by themselves. */
export async function stop(server: Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
}
