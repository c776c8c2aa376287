#!/bin/sh
# Starts Redis behind the master that a sentinel knows. When none knows any, on the very first start, it is the first pod of the set. The
# sentinel beside it is asked last: it was away just as long and may not have heard of a new master.
set -eu
umask 077
# redis-0 is of the set redis, whose Service has the same name.
set=${HOSTNAME%-*}
me="$HOSTNAME.$set"
others=$(printf '%s\n' "$set-0" "$set-1" "$set-2" | grep -vx "$HOSTNAME")
for sentinel in $others "$HOSTNAME"; do
    master=$(timeout 3 redis-cli -h "$sentinel.$set" -p 26379 SENTINEL GET-MASTER-ADDR-BY-NAME medcor 2>/dev/null | head -n 1) || true
    case "$master" in *."$set") break ;; *) master= ;; esac
done
master=${master:-$set-0.$set}

# A file of its own: Redis writes into it whom it follows.
{
    cat /etc/redis/redis.conf /etc/redis/memory.conf
    echo "replica-announce-ip $me"
    echo "requirepass $REDIS_PASSWORD"
    echo "masterauth $REDIS_PASSWORD"
    [ "$master" = "$me" ] || echo "replicaof $master 6379"
} > /data/redis.conf
exec redis-server /data/redis.conf
