import type { ResourceView } from '../../src/confd/view.ts'

const plain: ResourceView = {
  name: 'web.toml',
  src: 'web.conf.njk',
  dest: '/etc/nginx/conf.d/web.conf',
  state: 'unchanged',
  lastRendered: '2026-01-01T10:00:00.000Z',
  lastPublished: '2026-01-01T09:00:00.000Z',
  lastError: null,
  output: '',
  reload: null,
  nextTry: null,
  files: null,
}

/** What is rendered: one file that is right, one whose reload fails, and several of which one can't be made. */
export const sampleFiles: readonly ResourceView[] = [
  plain,
  {
    ...plain,
    name: 'haproxy.toml',
    src: 'haproxy.cfg.njk',
    dest: '/etc/haproxy/haproxy.cfg',
    state: 'failed',
    lastError: 'reload_cmd (haproxy -sf) failed with exit code 1: no such process',
    reload: { failures: 2 },
    nextTry: '2026-01-01T10:00:04.000Z',
  },
  {
    ...plain,
    name: 'sites.toml',
    src: 'site.njk',
    dest: '/etc/nginx/sites/{{ item.name }}.conf',
    state: 'failed',
    lastError: '/etc/nginx/sites/db.conf: template site.njk, line 3: a value is undefined',
    files: [
      { dest: '/etc/nginx/sites/web.conf', state: 'written', error: null },
      {
        dest: '/etc/nginx/sites/db.conf',
        state: 'failed',
        error: 'template site.njk, line 3: a value is undefined',
      },
    ],
  },
]
