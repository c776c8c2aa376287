#!/bin/sh
# Starts Redis behind the master that a sentinel knows. When none knows any, on the very first start, it is redis-0. The sentinel
# beside it is asked last: it was away just as long and may not have heard of a new master.
set -eu
umask 077
me="$HOSTNAME.redis"
others=$(printf '%s\n' redis-0 redis-1 redis-2 | grep -vx "$HOSTNAME")
for sentinel in $others "$HOSTNAME"; do
    master=$(timeout 3 redis-cli -h "$sentinel.redis" -p 26379 SENTINEL GET-MASTER-ADDR-BY-NAME medcor 2>/dev/null | head -n 1) || true
    case "$master" in *.redis) break ;; *) master= ;; esac
done
master=${master:-redis-0.redis}

# A file of its own: Redis writes into it whom it follows.
{
    cat /etc/redis/redis.conf
    echo "replica-announce-ip $me"
    echo "requirepass $REDIS_PASSWORD"
    echo "masterauth $REDIS_PASSWORD"
    [ "$master" = "$me" ] || echo "replicaof $master 6379"
} > /data/redis.conf
exec redis-server /data/redis.conf
