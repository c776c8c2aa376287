#!/bin/sh
# Starts Redis behind the master that a sentinel knows. When none knows any, on the very first start, it is the first pod of the set. The
# sentinel beside it is asked last: it was away just as long and may not have heard of a new master.
set -eu
umask 077
tls='--tls --cacert /etc/tls/ca.crt'
# redis-0 is of the set redis, whose Service has the same name.
set=${HOSTNAME%-*}
me="$HOSTNAME.$set"
others=$(printf '%s\n' "$set-0" "$set-1" "$set-2" | grep -vx "$HOSTNAME")
for sentinel in $others "$HOSTNAME"; do
    master=$(timeout 3 redis-cli $tls -h "$sentinel.$set" -p 26379 SENTINEL GET-MASTER-ADDR-BY-NAME medcor 2>/dev/null | head -n 1) || true
    case "$master" in *."$set") break ;; *) master= ;; esac
done
master=${master:-$set-0.$set}

# Hashes of the passwords in a file: of two while one is being changed, since both are accepted then.
hashes() {
    for password in $(cat "/etc/redis-users/$1"); do
        printf '#%s ' "$(printf %s "$password" | sha256sum | cut -d ' ' -f 1)"
    done
}

# A file of its own: Redis writes into it whom it follows.
{
    cat /etc/redis/redis.conf /etc/redis/memory.conf
    echo "replica-announce-ip $me"
    echo "requirepass $REDIS_PASSWORD"
    echo "masterauth $REDIS_PASSWORD"
    [ "$master" = "$me" ] || echo "replicaof $master 6379"
    while read -r name rules; do
        echo "user $name on $(hashes "$name")$rules"
    done < /etc/redis/users.acl
} > /data/redis.conf

# A changed password or certificate counts within half a minute after the kubelet has brought it. What is connected stays so.
known=$(cat /etc/redis-users/*)
loaded=$(cat /etc/tls/tls.crt)
while sleep 15; do
    # Files that are being replaced are read again the next time. Without -e, redis-cli succeeds when Redis refuses.
    certificate=$(cat /etc/tls/tls.crt) || continue
    if [ "$certificate" != "$loaded" ]; then
        REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -e $tls CONFIG SET tls-cert-file /etc/tls/tls.crt tls-key-file /etc/tls/tls.key \
            tls-ca-cert-file /etc/tls/ca.crt && loaded=$certificate
    fi
    now=$(cat /etc/redis-users/*) || continue
    [ "$now" = "$known" ] && continue
    while read -r name _; do
        # Each hash is a word of its own.
        REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -e $tls ACL SETUSER "$name" resetpass $(hashes "$name") < /dev/null || continue 2
    done < /etc/redis/users.acl
    known=$now
done &
exec redis-server /data/redis.conf
