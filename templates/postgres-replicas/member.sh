#!/usr/bin/env bash
# member.sh: one PostgreSQL of a cluster whose members Portolan knows.
#
#   member.sh            the container's entrypoint: becomes the PostgreSQL that it has to be
#   member.sh status     what each member says of itself
#   member.sh promote    makes this replica the primary, if the old one is gone and nobody has more of its data;
#                        `promote --without-majority` if too few members are left to be sure that it is gone
#   member.sh alone      lets a former primary start that waits for the others, because they are gone for good
#
# Who is the primary is never guessed. Only these things make one:
#   1. member 1 makes an empty cluster, once: all members are there, all are empty, nobody answers;
#   2. an operator says `promote`;
#   3. a primary that restarts goes on, if a majority answers and none of them has been promoted meanwhile;
#   4. with POSTGRES_FAILOVER, seconds, and a container with `init: true`: `promote` by itself, once a majority has been
#      without a primary for so long. Only at the replica that has most of the data; of several, at the first by number. A
#      primary that sees a later one stops then, and whoever starts the container again (`restart:`) makes it a replica.
# Everything else follows, or waits and says for what. No data are ever deleted.
#
# Set: PGDATA (below a volume, not its root), POSTGRES_MEMBER (1 to 9), POSTGRES_MEMBERS (how many there are),
# POSTGRES_PASSWORD and REPLICATION_PASSWORD, or files: POSTGRES_PASSWORD_FILE, REPLICATION_PASSWORD_FILE.
set -euo pipefail
export LC_ALL=C.UTF-8
: "${PGDATA:?}" "${POSTGRES_MEMBER:?}" "${POSTGRES_MEMBERS:?}"
FILES=${POSTGRES_FILES:-/etc/postgres-replicas}
PAUSE=${POSTGRES_PAUSE:-2} # seconds between two looks at the others
PORT=${PGPORT:-5432}
export PGPASSFILE=$PGDATA.pgpass PGCONNECT_TIMEOUT=3
majority=$((POSTGRES_MEMBERS / 2 + 1))

say() { echo "member $POSTGRES_MEMBER: $*" >&2; }
secret() { local file=$1_FILE; if [ -n "${!file:-}" ]; then cat "${!file}"; else echo "${!1:?}"; fi; }
others() { awk -v own="$POSTGRES_MEMBER" 'NF == 3 && $1 != own' "$FILES/members" 2>/dev/null || true; }
known() { others | cut -d' ' -f1 | sort -u | wc -l; }
is_single() { [ "$(grep -c "^$POSTGRES_MEMBER " "$FILES/members")" = 1 ]; }

# What the server there says: `primary|replica TIMELINE POSITION`, both as hex digits; fails if it says nothing.
ask() {
  local lines timeline position role=replica
  lines=$(psql -XAtqw "$1 user=replicator replication=true" \
    -c IDENTIFY_SYSTEM -c 'SHOW in_hot_standby' 2>/dev/null) || return 1
  IFS='|' read -r _ timeline position _ <<<"${lines%%$'\n'*}"
  [ "${lines##*$'\n'}" = on ] || role=primary
  printf '%s %08X %08X%08X\n' "$role" "$timeline" "0x${position%/*}" "0x${position#*/}"
}

# Asks all others. Sets answers (of how many numbers), highest (timeline), farthest (it, and a position) and the first number
# that is there, and primary (how to connect) with its timeline: if several say that they are one, the one promoted last.
look() {
  local number ip port said role timeline position last=''
  answers=0 primary='' primary_timeline=0 highest=0 farthest='' farthest_number=0
  while read -r number ip port; do
    said=$(ask "host=$ip port=$port") || continue
    read -r role timeline position <<<"$said"
    [ "$number" = "$last" ] || answers=$((answers + 1))
    last=$number
    [[ ! "$timeline $position" > $farthest ]] || farthest="$timeline $position" farthest_number=$number
    timeline=$((16#$timeline))
    [ "$timeline" -le "$highest" ] || highest=$timeline
    if [ "$role" = primary ] && [ "$timeline" -gt "$primary_timeline" ]; then
      primary="host=$ip port=$port" primary_timeline=$timeline
    fi
  done < <(others)
}

# Of the files: a promotion that was not yet checkpointed has left its history.
own_timeline() {
  local control history
  control=$(pg_controldata -D "$PGDATA" | sed -n "s/^Latest checkpoint's TimeLineID: *//p")
  history=$(find "$PGDATA/pg_wal" -name '*.history' -printf '%f\n' | sort | tail -1)
  history=$((16#0${history:0:8}))
  echo $((control > history ? control : history))
}

run() {
  cd "$PGDATA"
  exec postgres -D "$PGDATA" -c "port=$PORT" -c "cluster_name=member$POSTGRES_MEMBER" "$@"
}

# In a folder beside, so that what is half done is never taken for data.
fresh() { rm -rf "$PGDATA.coming" && install -d -m 700 "$PGDATA.coming"; }
finish() { sync && mv -T "$PGDATA.coming" "$PGDATA"; }

initialise() {
  say 'all members are there and empty: making the cluster'
  fresh &&
    initdb -D "$PGDATA.coming" -U postgres --data-checksums --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null &&
    settings >>"$PGDATA.coming/postgresql.conf" &&
    roles | postgres --single -j -D "$PGDATA.coming" -c synchronous_standby_names= postgres >/dev/null &&
    finish
}

settings() {
  cat <<CONF
listen_addresses = '*'
hba_file = '$FILES/pg_hba.conf'
wal_keep_size = 1GB
wal_receiver_timeout = 15s
wal_retrieve_retry_interval = 2s
password_encryption = scram-sha-256
include_if_exists = '$FILES/replicas.conf'
CONF
}

# What pg_rewind reads with, as PostgreSQL's manual has it, and we. Single-user mode wants an empty line after each.
roles() {
  local quoted="s/'/''/g" functions
  functions='pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), pg_read_binary_file(text)'
  functions+=', pg_read_binary_file(text, bigint, bigint, boolean), pg_control_checkpoint()'
  printf "%s;\n\n" "ALTER ROLE postgres PASSWORD '$(secret POSTGRES_PASSWORD | sed "$quoted")'" \
    "CREATE ROLE replicator LOGIN REPLICATION PASSWORD '$(secret REPLICATION_PASSWORD | sed "$quoted")'" \
    "GRANT EXECUTE ON FUNCTION $functions TO replicator"
}

copy() {
  say "copying all from $1"
  fresh &&
    pg_basebackup -w -D "$PGDATA.coming" -d "$1 user=replicator" -X stream -c fast &&
    touch "$PGDATA.coming/standby.signal" &&
    finish
}

# Before its first checkpoint as a primary, the other one's files don't say yet where it parted (PostgreSQL up to 15).
is_settled() {
  local timeline
  timeline=$(psql -XAtqw "$1 user=replicator dbname=postgres" -c 'SELECT timeline_id FROM pg_control_checkpoint()')
  [ "${timeline:-0}" -ge "$2" ]
}

rewind() {
  is_settled "$1" "$2" || { say "waiting for the first checkpoint of $1" && return 1; }
  say "another member was promoted: back to where it began, then following $1"
  # after a kill the lock names a process before the restart: where that number is ours now, PostgreSQL would respect it
  [ "$(head -1 "$PGDATA/postmaster.pid" 2>/dev/null)" != $$ ] || rm "$PGDATA/postmaster.pid"
  pg_rewind -D "$PGDATA" --source-server="$1 user=replicator dbname=postgres" &&
    touch "$PGDATA/standby.signal" && return
  say 'pg_rewind failed: move the data away, and the member copies all anew'
  return 1
}

# Without data: a copy of the primary, or the first of all.
begin() {
  local quiet=0
  while true; do
    look
    if [ -n "$primary" ] && copy "$primary"; then return; fi
    if [ "$(known)" -ge $((POSTGRES_MEMBERS - 1)) ] && [ "$answers" = 0 ] && is_single; then
      quiet=$((quiet + 1))
    else
      quiet=0
    fi
    # a member that has data answers by then
    if [ "$POSTGRES_MEMBER" = 1 ] && [ "$quiet" -ge 5 ] && initialise; then return; fi
    say "no data, and no primary to copy: $(known) others are known, $answers answer"
    sleep "$PAUSE"
  done
}

# With the data of a primary: it still is one, or another one's replica from now on.
resume() {
  local own
  own=$(own_timeline)
  while true; do
    look
    # one that wasn't promoted after this one is none to follow: somebody has to look
    if [ "$primary_timeline" -gt "$own" ] && rewind "$primary" "$primary_timeline"; then return; fi
    if [ -z "$primary" ] && [ "$answers" -ge $((majority - 1)) ] && [ "$highest" -le "$own" ]; then return; fi
    if [ -z "$primary" ] && [ -e "$PGDATA.alone" ]; then rm "$PGDATA.alone" && return; fi
    say "was the primary at timeline $own: $answers of $((POSTGRES_MEMBERS - 1)) others answer, at timeline $highest${primary:+; primary: $primary}"
    sleep "$PAUSE"
  done
}

# Whether the server there is a replica that gets nothing from a primary.
is_orphan() {
  [ "$(psql -XAtqw "$1 user=replicator dbname=postgres" 2>/dev/null \
    -c 'SELECT pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_stat_wal_receiver)')" = t ]
}

# Whether a majority has lost the primary, this member included, and this one is to take its place: all come to the same
# answer, since nobody's position moves when nobody writes.
is_heir() {
  local own number ip port orphans=' '
  is_orphan "port=$PORT" && own=$(ask "port=$PORT") || return 1
  look
  [ -z "$primary" ] && [[ ! $farthest > ${own#* } ]] || return 1
  [ "$farthest" != "${own#* }" ] || [ "$farthest_number" -gt "$POSTGRES_MEMBER" ] || return 1
  while read -r number ip port; do
    [[ $orphans != *" $number "* ]] && is_orphan "host=$ip port=$port" && orphans+="$number "
  done < <(others)
  [ $(($(wc -w <<<"$orphans") + 1)) -ge "$majority" ]
}

# Whether this is a primary and another one was promoted after it, while it was cut off or stood still.
is_replaced() {
  local own
  own=$(ask "port=$PORT") && [[ $own = primary* ]] || return 1
  look
  read -r _ own _ <<<"$own"
  [ "$primary_timeline" -gt $((16#$own)) ]
}

# For as long as PostgreSQL runs, which has this script's number.
supervise() {
  local since=''
  while sleep "$PAUSE" && kill -0 $$ 2>/dev/null; do
    if is_replaced; then
      say "another member was promoted ($primary): stopping, to come back as its replica"
      # at once, so that nothing more is confirmed
      pg_ctl -D "$PGDATA" -m immediate stop
      return
    fi
    is_heir || { since='' && continue; }
    since=${since:-$SECONDS}
    [ $((SECONDS - since)) -ge "$POSTGRES_FAILOVER" ] || continue
    say "no primary for $POSTGRES_FAILOVER s: promoting this member"
    (promote) || say 'not promoted; trying again'
    since=''
  done
}

start() {
  if [ -n "${POSTGRES_FAILOVER:-}" ] && [ $$ = 1 ]; then
    say 'POSTGRES_FAILOVER needs a container with `init: true`'
    exit 2
  fi
  # Portolan's signal for PostgreSQL, which isn't one yet
  trap : HUP
  umask 077
  secret REPLICATION_PASSWORD | sed 's/[:\\]/\\&/g; s/.*/*:*:*:replicator:&/' >"$PGPASSFILE"
  until [ -s "$FILES/members" ] && [ -s "$FILES/pg_hba.conf" ]; do
    say "waiting for Portolan to write $FILES"
    sleep "$PAUSE"
  done
  if [ ! -s "$PGDATA/PG_VERSION" ]; then begin; elif [ ! -e "$PGDATA/standby.signal" ]; then resume; fi
  # adopted by init: PostgreSQL would take a child that ends for one of its own
  if [ -n "${POSTGRES_FAILOVER:-}" ]; then (supervise &); fi
  run "$@"
}

promote() {
  local said role timeline position
  said=$(ask "port=$PORT") || { say 'this member is not running' && exit 1; }
  read -r role timeline position <<<"$said"
  [ "$role" = replica ] || { say 'this is the primary' && exit 1; }
  # more than once: one that is slow for a moment is not gone
  for _ in 1 2 3; do
    look
    [ -z "$primary" ] || { say "the primary is there ($primary): stop it first" && exit 1; }
    sleep "$PAUSE"
  done
  if [ $((answers + 1)) -lt "$majority" ] && [ "${1:-}" != --without-majority ]; then
    say "only $answers others answer: the primary may be there for those that don't"
    exit 1
  fi
  [[ ! $farthest > "$timeline $position" ]] || { say 'another replica has more: promote that one' && exit 1; }
  pg_ctl -D "$PGDATA" -w promote
  psql -XAtqw -p "$PORT" -U postgres -d postgres -c CHECKPOINT
}

status() {
  local number ip port
  while read -r number ip port; do
    echo "$number $ip $port $(ask "host=$ip port=$port" || echo 'no answer')"
  done <"$FILES/members"
}

case ${1:-start} in
  start) start "${@:2}" ;;
  promote) promote "${@:2}" ;;
  status) status ;;
  alone) touch "$PGDATA.alone" ;;
  *) say "there is no $1: start, status, promote, alone" && exit 2 ;;
esac
