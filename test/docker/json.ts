/** 64 hex digits that begin with `prefix`. */
export function idOf(prefix: string): string {
  return prefix.padEnd(64, '0')
}

/** What an engine answers for one running container; `changes` go to the part that they name. */
export function inspectJson(
  id: string,
  changes: {
    readonly Name?: string
    readonly State?: object
    readonly Config?: object
    readonly HostConfig?: object
    readonly NetworkSettings?: object
  } = {},
) {
  return {
    Id: id,
    Name: changes.Name ?? `/c-${id.slice(0, 4)}`,
    Created: '2026-01-02T03:04:05.123456789Z',
    State: { Status: 'running', StartedAt: '2026-01-02T03:04:06.5Z', ...changes.State },
    Config: { Image: 'busybox:1.37', Env: null, Labels: null, ...changes.Config },
    HostConfig: { NetworkMode: 'bridge', ...changes.HostConfig },
    NetworkSettings: {
      Ports: {},
      Networks: { bridge: { IPAddress: '172.17.0.2', Gateway: '172.17.0.1' } },
      ...changes.NetworkSettings,
    },
  }
}
