// Stand-in for testcontainers' Ryuk, for machines that reach no registry.
// Clients send lines such as "label=org.testcontainers.session-id=..."; when the last
// connection has been gone for RYUK_RECONNECTION_TIMEOUT, everything with one of these
// labels is removed: containers, networks, volumes, images.
import http from 'node:http'
import net from 'node:net'

const seconds = (text, otherwise) => {
  const n = parseFloat(text ?? '')
  return (Number.isNaN(n) ? otherwise : n) * 1000
}
const firstWait = seconds(process.env.RYUK_CONNECTION_TIMEOUT, 60)
const lastWait = seconds(process.env.RYUK_RECONNECTION_TIMEOUT, 10)
const filters = new Set()
let open = 0
let timer = setTimeout(reap, firstWait)

const api = (method, path) =>
  new Promise((resolve) => {
    const req = http.request({ socketPath: '/var/run/docker.sock', method, path }, (res) => {
      let body = ''
      res
        .on('data', (d) => (body += d))
        .on('end', () => {
          try {
            resolve(JSON.parse(body || 'null'))
          } catch {
            resolve(null)
          }
        })
    })
    req.on('error', () => resolve(null)).end()
  })

async function reap() {
  for (const text of filters) {
    const by = {}
    for (const [k, v] of new URLSearchParams(text)) (by[k] ??= []).push(v)
    const q = encodeURIComponent(JSON.stringify(by))
    for (const c of (await api('GET', `/containers/json?all=1&filters=${q}`)) ?? [])
      if (c.Labels['org.testcontainers.ryuk'] !== 'true')
        await api('DELETE', `/containers/${c.Id}?force=1&v=1`)
    for (const n of (await api('GET', `/networks?filters=${q}`)) ?? [])
      await api('DELETE', `/networks/${n.Id}`)
    for (const v of (await api('GET', `/volumes?filters=${q}`))?.Volumes ?? [])
      await api('DELETE', `/volumes/${v.Name}?force=1`)
    for (const i of (await api('GET', `/images/json?filters=${q}`)) ?? [])
      await api('DELETE', `/images/${i.Id}?force=1`)
  }
  console.log('Removed', [...filters].join(' '))
  process.exit(0)
}

net
  .createServer((socket) => {
    open++
    clearTimeout(timer)
    let rest = ''
    socket.on('data', (d) => {
      const lines = (rest + d).split('\n')
      rest = lines.pop()
      for (const line of lines)
        if (line.trim()) {
          filters.add(line.trim())
          socket.write('ACK\n')
        }
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (--open === 0) timer = setTimeout(reap, lastWait)
    })
  })
  .listen(8080, () => console.log('Started'))
