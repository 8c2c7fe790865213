// Load at a steady rate: `paced.ts PORT SECONDS CONNECTIONS RATE`. Requests fall due one after the other whether or not
// those before are answered, and each one's time counts from when it fell due. Prints `{"p50":…,"p99":…,"sent":…}`,
// in microseconds.

import { connect, type Socket } from 'node:net'

import { quantile } from '../../statistics.ts'

const [port = 0, seconds = 0, connections = 0, rate = 0] = process.argv.slice(2).map(Number)
const request = 'GET /small HTTP/1.1\r\nhost: bench.localhost\r\n\r\n'
const free: Socket[] = []
const due: number[] = []
const times: number[] = []
const asked = new Map<Socket, number>()
const began = performance.now()
const total = Math.round(seconds * rate)
let sent = 0

for (let at = 0; at < connections; at++) open()
await new Promise<void>((resolve) => {
  const tick = () => {
    const now = performance.now()
    for (; sent < total && began + (sent / rate) * 1000 <= now; sent++) {
      due.push(began + (sent / rate) * 1000)
    }
    while (due.length > 0 && free.length > 0) ask(free.pop(), due.shift() ?? now)
    if (times.length < total && now < began + (seconds + 10) * 1000) setImmediate(tick)
    else resolve()
  }
  tick()
})
for (const socket of asked.keys()) socket.destroy()
for (const socket of free) socket.destroy()
const [p50, p99] = [0.5, 0.99].map((share) => Math.round(quantile(times, share) * 1000))
console.log(JSON.stringify({ p50, p99, sent: times.length, wanted: total }))

function open(): void {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('data', () => {
    times.push(performance.now() - (asked.get(socket) ?? NaN))
    asked.delete(socket)
    const next = due.shift()
    if (next === undefined) free.push(socket)
    else ask(socket, next)
  })
  free.push(socket)
}

function ask(socket: Socket | undefined, fellDue: number): void {
  if (!socket) return
  asked.set(socket, fellDue)
  socket.write(request)
}
