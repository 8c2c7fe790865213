import { expect, test } from 'vitest'

import { container, register } from './containers.ts'

/** Labels as compose files have them, one a line; `$$` is Compose's, Docker has one `$`. */
function registered(text: string, ports: readonly number[] = [80]) {
  const labels = text
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll('$$', '$'))
    .map((line): [string, string] => [
      line.slice(0, line.indexOf('=')),
      line.slice(line.indexOf('=') + 1),
    ])
  const exposed = ports.map((port) => ({ port, protocol: 'tcp', published: null }) as const)
  const { instances, problems } = register(
    container({ ports: exposed, labels: Object.fromEntries(labels) }),
  )
  const routes = instances.flatMap(({ port, protocol, routes: all }) =>
    all.map(({ name, rule, entrypoints, middlewares }) => {
      return { to: `${protocol}:${port}`, name, rule, entrypoints, middlewares }
    }),
  )
  return { routes, problems, instances }
}

test('whoami', () => {
  const { routes, problems } = registered(`
    traefik.enable=true
    traefik.http.routers.whoami.rule=Host(\`whoami.localhost\`)
    traefik.http.routers.whoami.entrypoints=web
  `)
  expect(problems).toEqual([])
  expect(routes).toEqual([
    {
      to: 'http:80',
      name: 'whoami',
      rule: 'Host(`whoami.localhost`)',
      entrypoints: ['web'],
      middlewares: [],
    },
  ])
})

test('Nextcloud: TLS, a redirect of well-known paths, security headers', () => {
  const { routes, problems, instances } = registered(`
    traefik.enable=true
    traefik.docker.network=proxy
    traefik.http.routers.nextcloud.rule=Host(\`cloud.example.com\`)
    traefik.http.routers.nextcloud.entrypoints=websecure
    traefik.http.routers.nextcloud.tls=true
    traefik.http.routers.nextcloud.tls.certresolver=letsencrypt
    traefik.http.routers.nextcloud.middlewares=nextcloud-dav,nextcloud-headers
    traefik.http.middlewares.nextcloud-dav.redirectregex.permanent=true
    traefik.http.middlewares.nextcloud-dav.redirectregex.regex=https://(.*)/.well-known/(?:card|cal)dav
    traefik.http.middlewares.nextcloud-dav.redirectregex.replacement=https://$$1/remote.php/dav
    traefik.http.middlewares.nextcloud-headers.headers.stsSeconds=15552000
    traefik.http.middlewares.nextcloud-headers.headers.stsIncludeSubdomains=true
    traefik.http.middlewares.nextcloud-headers.headers.customFrameOptionsValue=SAMEORIGIN
    traefik.http.services.nextcloud.loadbalancer.server.port=80
  `)
  expect(problems).toEqual([])
  expect(routes).toMatchObject([
    { to: 'http:80', middlewares: ['nextcloud-dav@docker', 'nextcloud-headers@docker'] },
  ])
  expect(instances[0]?.network).toBe('proxy')
  expect(instances[0]?.policy.middlewares).toEqual({
    'nextcloud-dav@docker': {
      redirectRegex: {
        regex: 'https://(.*)/.well-known/(?:card|cal)dav',
        replacement: 'https://$1/remote.php/dav',
        permanent: true,
      },
    },
    'nextcloud-headers@docker': {
      headers: {
        request: {},
        response: { 'X-Frame-Options': 'SAMEORIGIN' },
        secureResponse: { 'Strict-Transport-Security': 'max-age=15552000; includeSubDomains' },
      },
    },
  })
})

test('Gitea: HTTP on one port, SSH as TCP on another', () => {
  const { routes, problems } = registered(
    `
    traefik.enable=true
    traefik.http.routers.gitea.rule=Host(\`git.example.com\`)
    traefik.http.routers.gitea.service=gitea-web
    traefik.http.services.gitea-web.loadbalancer.server.port=3000
    traefik.tcp.routers.gitea-ssh.rule=HostSNI(\`*\`)
    traefik.tcp.routers.gitea-ssh.entrypoints=ssh
    traefik.tcp.routers.gitea-ssh.service=gitea-ssh-svc
    traefik.tcp.services.gitea-ssh-svc.loadbalancer.server.port=22
  `,
    [22, 3000],
  )
  expect(problems).toEqual([])
  expect(routes.map(({ to, name }) => [to, name])).toEqual([
    ['tcp:22', 'gitea-ssh'],
    ['http:3000', 'gitea'],
  ])
})

test('Portainer: two services on two ports, each router to its own', () => {
  const { routes, problems } = registered(
    `
    traefik.enable=true
    traefik.http.routers.frontend.rule=Host(\`portainer.example.com\`)
    traefik.http.routers.frontend.entrypoints=websecure
    traefik.http.services.frontend.loadbalancer.server.port=9000
    traefik.http.routers.frontend.service=frontend
    traefik.http.routers.frontend.tls.certresolver=leresolver
    traefik.http.routers.edge.rule=Host(\`edge.example.com\`)
    traefik.http.routers.edge.entrypoints=websecure
    traefik.http.services.edge.loadbalancer.server.port=8000
    traefik.http.routers.edge.service=edge
    traefik.http.routers.edge.tls.certresolver=leresolver
  `,
    [8000, 9000, 9443],
  )
  expect(problems).toEqual([])
  expect(routes.map(({ to, name }) => [to, name])).toEqual([
    ['http:8000', 'edge'],
    ['http:9000', 'frontend'],
  ])
})

test("Traefik's own dashboard with basic auth: the router is out, and says so without the password", () => {
  const { routes, problems } = registered(
    `
    traefik.enable=true
    traefik.http.routers.dashboard.rule=Host(\`traefik.localhost\`) && (PathPrefix(\`/api\`) || PathPrefix(\`/dashboard\`))
    traefik.http.routers.dashboard.service=api@internal
    traefik.http.routers.dashboard.middlewares=auth
    traefik.http.middlewares.auth.basicauth.users=admin:$$apr1$$H6uskkkW$$IgXLP6ewTrSuBkTrqE8wj/
  `,
    [80, 443],
  )
  expect(routes).toEqual([])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatchObject({ why: expect.stringContaining('provider internal') })
  expect(JSON.stringify(problems)).not.toContain('H6uskkkW')
})

test('an app of v2 times: HTTP redirected by a router of its own, several hosts, a path without its prefix', () => {
  const { routes, problems } = registered(`
    traefik.enable=true
    traefik.http.routers.app-http.rule=Host(\`a.example.com\`, \`www.a.example.com\`)
    traefik.http.routers.app-http.entrypoints=web
    traefik.http.routers.app-http.middlewares=https-redirect
    traefik.http.middlewares.https-redirect.redirectscheme.scheme=https
    traefik.http.routers.app.rule=Host(\`a.example.com\`, \`www.a.example.com\`)
    traefik.http.routers.app.entrypoints=websecure
    traefik.http.routers.app.tls=true
    traefik.http.routers.api.rule=Host(\`a.example.com\`) && PathPrefix(\`/api/{version:v[0-9]+}\`)
    traefik.http.routers.api.middlewares=strip
    traefik.http.middlewares.strip.stripprefix.prefixes=/api
  `)
  expect(problems).toEqual([])
  expect(routes.map(({ name, rule }) => [name, rule])).toEqual([
    ['api', 'Host(`a.example.com`) && PathRegexp(`^/api/(?:v[0-9]+)`)'],
    ['app-http', 'Host(`a.example.com`, `www.a.example.com`)'],
    ['app', 'Host(`a.example.com`, `www.a.example.com`)'],
  ])
})

test('Authelia in front, its middleware from a file: the route stays closed, and says why', () => {
  const { routes, problems } = registered(`
    traefik.enable=true
    traefik.http.routers.sonarr.rule=Host(\`sonarr.example.com\`)
    traefik.http.routers.sonarr.entrypoints=https
    traefik.http.routers.sonarr.middlewares=chain-authelia@file
    traefik.http.services.sonarr-svc.loadbalancer.server.port=8989
  `)
  expect(routes).toMatchObject([{ to: 'http:8989', middlewares: ['chain-authelia@file'] }])
  expect(problems).toMatchObject([{ severity: 'error', why: expect.stringContaining('file') }])
})
