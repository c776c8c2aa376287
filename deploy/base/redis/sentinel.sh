#!/bin/sh
# Starts a sentinel. What it has learnt stands in its own file, which it goes on with; the first time it watches the first pod of the set.
set -eu
umask 077
file=/data/sentinel.conf
set=${HOSTNAME%-*}
{
    if [ -e "$file" ]; then
        # How it listens is as it is configured now.
        grep -v -e '^sentinel auth-pass ' -e '^port ' -e '^tls-' "$file"
        grep -e '^port ' -e '^tls-' /etc/redis/sentinel.conf
    else
        cat /etc/redis/sentinel.conf
        echo "sentinel announce-ip $HOSTNAME.$set"
        # Two of three have to agree, so a sentinel that is cut off replaces nobody.
        echo "sentinel monitor medcor $set-0.$set 6379 2"
        echo "sentinel down-after-milliseconds medcor 5000"
        echo "sentinel failover-timeout medcor 15000"
    fi
    # Each time, since the password may be another than the last time.
    echo "sentinel auth-pass medcor $REDIS_PASSWORD"
} > "$file.new"
mv "$file.new" "$file"
exec redis-server "$file" --sentinel
