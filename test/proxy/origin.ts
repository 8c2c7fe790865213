/** Of requests whose way nobody asks for. */
export const origin = {
  peer: '10.0.0.1',
  scheme: 'http',
  port: 80,
  via: 'portolan-test',
  serverName: undefined,
  ends: () => ({ source: { ip: '10.0.0.1', port: 1 }, destination: { ip: '10.0.0.2', port: 80 } }),
} as const
