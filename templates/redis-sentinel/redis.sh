#!/bin/sh
# redis.sh: a Redis that starts as what the Sentinels say it is, and waits until most of them say the same. So an old
# primary that comes back is a replica from its first moment.
#
# Set: SENTINEL_MASTER, the name of its group, and SENTINELS, all their hosts. Arguments are those of redis-server.
set -eu
: "${SENTINEL_MASTER:?}" "${SENTINELS:?}"
own=$(hostname -i)

say() { echo "redis.sh: $*" >&2; }
sentinel() { timeout 3 redis-cli -h "$1" -p 26379 sentinel "$2" "$SENTINEL_MASTER" 2>/dev/null || true; }

# The address that more than half of them name.
master() {
  for one in $SENTINELS; do sentinel "$one" get-master-addr-by-name | head -1; done |
    grep -E '^[0-9a-fA-F.:]+$' | sort | uniq -c |
    awk -v all="$(echo "$SENTINELS" | wc -w)" '2 * $1 > all { print $2 }'
}

# Whether a Sentinel knows of a replica that has got data.
others_have_data() {
  for one in $SENTINELS; do sentinel "$one" replicas; done |
    awk 'before == "slave-repl-offset" && $1 > 1 { found = 1 } { before = $1 } END { exit !found }'
}

while true; do
  master=$(master)
  if [ -z "$master" ]; then
    say 'waiting for a majority of the Sentinels'
  elif [ "$master" != "$own" ]; then
    say "a replica of $master"
    exec redis-server "$@" --replicaof "$master" 6379
  elif [ -d appendonlydir ] || ! others_have_data; then
    say 'the primary'
    exec redis-server "$@"
  else
    # its replicas would throw away what they have
    say 'the primary without its data: waiting until another one is promoted'
  fi
  sleep 1
done
